// Calls to the service. A call has one of three ends: its answer, a Problem that
// the service explains, or Lost: nobody answered, and nothing is known.

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? 'internal';
    this.body = body ?? {};
  }
}

export class Lost extends Error {}

// The session's second value; proves that a call comes from this page.
let csrf = null;

async function call(method, path, body, headers = {}) {
  const sent = { ...headers };
  if (csrf !== null && method !== 'GET') sent['X-CSRF-Token'] = csrf;
  if (body !== undefined) sent['Content-Type'] = 'application/json';
  let answer;
  let content;
  try {
    answer = await fetch(path, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(10_000),
    });
    content = answer.status === 204 ? null : await answer.json();
  } catch {
    throw new Lost();
  }
  if (!answer.ok) throw new Problem(answer.status, content);
  return content;
}

export const get = (path) => call('GET', path);

export async function whoAmI() {
  const caller = await call('GET', '/v1/session');
  csrf = caller.csrf;
  return caller;
}

export async function signIn(token) {
  const caller = await call('POST', '/v1/session', { token });
  csrf = caller.csrf;
  return caller;
}

export async function signOut() {
  await call('DELETE', '/v1/session');
  csrf = null;
}

export const ask = (tender, verb, body) =>
  call('POST', `/v1/tenders/${encodeURIComponent(tender)}/${verb}`, body);

/**
 * Asks for something that must happen once. The key belongs to what was asked:
 * until the service has given an answer, asking for the same again, by a double
 * click or after a lost connection or a reload, repeats the key.
 */
async function once(name, path, content) {
  const asked = JSON.stringify({ path, content });
  let memory = JSON.parse(sessionStorage.getItem(name) ?? 'null');
  if (memory?.asked !== asked) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    memory = { asked, key };
    sessionStorage.setItem(name, JSON.stringify(memory));
  }
  try {
    const made = await call('POST', path, content, { 'Idempotency-Key': memory.key });
    sessionStorage.removeItem(name);
    return made;
  } catch (error) {
    // A server's failure may have come after it was done.
    if (error instanceof Problem && error.status < 500) sessionStorage.removeItem(name);
    throw error;
  }
}

/** Starts a tender. */
export const start = (lane, content) =>
  once('qrpayd.start', `/v1/lanes/${encodeURIComponent(lane)}/tenders`, content);

/** Gives money of a paid tender back. */
export const giveBack = (tender, content) =>
  once('qrpayd.refund', `/v1/tenders/${encodeURIComponent(tender)}/refunds`, content);
