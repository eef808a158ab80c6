// The real program, twice: a simulated gateway and the service, on loopback and in
// a folder of their own.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const PROGRAM = process.env.QRPAYD
  ?? fileURLToPath(new URL('../../target/release/qrpayd', import.meta.url));

/**
 * A port for a service that comes back to it. Not one that the system gives out:
 * while the service is down, any connection on this machine might get it for its
 * own end.
 */
async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const [error] = await Promise.race([
      once(server, 'listening').then(() => []),
      once(server, 'error'),
    ]);
    if (error) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Starts the program and keeps what it prints, for a failure's message. */
function start(args) {
  const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => { child.said += text; });
  }
  child.ended = once(child, 'exit');
  return child;
}

async function end(child, signal) {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await child.ended;
}

async function answerOf(url, init) {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** A store of one lane, or more, with its gateway. */
export class Store {
  #folder; #gateway; #service; #config; #control;

  /** `tokens`: `{name: role}`; the token of each is `token of NAME`. */
  static async open({ language = 'en', tokens = {}, lanes = ['1'] } = {}) {
    const store = new Store();
    try {
      await store.#open({ language, tokens, lanes });
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  async #open({ language, tokens, lanes }) {
    await access(PROGRAM).catch(() => {
      throw new Error(`${PROGRAM} is not there: build it, or say in QRPAYD where it is`);
    });
    this.#folder = await mkdtemp(join(tmpdir(), 'qrpayd-browser-'));
    const keys = join(this.#folder, 'keys');
    const any = '127.0.0.1:0';
    this.#gateway = start(['simulate', '--listen', any, '--control', any, '--keys', keys]);
    const said = (pattern) => until('the simulator says where it is', () => (
      this.#alive(this.#gateway).said.match(pattern)?.[1]
    ));
    const gateway = await said(/PayBy simulator at (\S+)/);
    this.#control = await said(/control endpoint at (\S+)/);

    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const known = Object.entries(tokens).map(([name, role]) => (
      `{ name = "${name}", role = "${role}", sha256 = "${sha256(`token of ${name}`)}" }`
    ));
    this.#config = join(this.#folder, 'qrpayd.toml');
    await writeFile(this.#config, `
[store]
id = "TEST"
name = "Test store"
timezone = "Asia/Dubai"
currency = "AED"
language = "${language}"
${lanes.map((id, n) => `
[[lane]]
id = "${id}"
terminal_id = "${id}"
scanners = [${n === 0 ? '"counter"' : ''}]
gateways = ["payby"]
ceiling = "5000.00"
`).join('')}
[[scanner]]
id = "counter"
kind = "serial"
match = { path = "${join(this.#folder, 'no-such-port')}" }

[gateway.payby]
base_url = "${gateway}"
partner_id = "200000909090"
private_key = "${join(keys, 'payby-merchant-private.pem')}"
gateway_public_key = "${join(keys, 'payby-gateway-public.pem')}"

[journal]
path = "${join(this.#folder, 'journal.db')}"

[api]
listen = "127.0.0.1:${port}"
tokens = [${known.join(', ')}]
`);
    await this.start();
  }

  #alive(child) {
    if (child.exitCode !== null) throw new Error(`the program ended:\n${child.said}`);
    return child;
  }

  /** Starts the service, or starts it again; returns when payments can be taken. */
  async start() {
    this.#service = start(['run', '--config', this.#config]);
    await until('the service is ready', () => {
      this.#alive(this.#service);
      return fetch(`${this.origin}/readyz`).then((answer) => answer.ok, () => false);
    });
  }

  /** The power is cut. */
  async crash() {
    await end(this.#service, 'SIGKILL');
  }

  /** Asks the service, as the cashier's software would. */
  async api(method, path, body, headers = {}) {
    return answerOf(this.origin + path, {
      method,
      headers: body ? { 'Content-Type': 'application/json', ...headers } : headers,
      body: body && JSON.stringify(body),
    });
  }

  /** The tenders, the newest first. */
  async tenders(query = '') {
    return (await this.api('GET', `/v1/tenders?${query}`)).tenders;
  }

  /** Says what becomes of the next order (docs/simulator.md). */
  async plan(plan) {
    await answerOf(`${this.#control}/plans`, { method: 'POST', body: JSON.stringify(plan) });
  }

  /** Lets the next calls of an operation go wrong. */
  async fault(operation, fault, count = 1) {
    const body = JSON.stringify({ operation, fault, count });
    await answerOf(`${this.#control}/faults`, { method: 'POST', body });
  }

  async clearFaults() {
    await answerOf(`${this.#control}/faults`, { method: 'DELETE' });
  }

  /** The customer confirms an order. */
  async confirm(order) {
    await answerOf(`${this.#control}/orders/${order}/pay`, { method: 'POST' });
  }

  /** What the service did against the gateway's rules. */
  async violations() {
    return answerOf(`${this.#control}/violations`);
  }

  async close() {
    for (const child of [this.#service, this.#gateway]) {
      if (child) await end(child, 'SIGKILL');
    }
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}

let codes = 0;

/** A payment code that nobody has used. */
export function freshCode() {
  codes += 1;
  return `20001234T${String(codes).padStart(9, '0')}A`;
}
