// Who may do what, where the configuration has tokens.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Store, freshCode } from './service.mjs';
import { Till, openBrowser } from './till.mjs';

let browser;
let store;

before(async () => {
  browser = await openBrowser();
  store = await Store.open({ tokens: { mona: 'cashier', omar: 'viewer' } });
});
after(async () => {
  await browser?.close();
  await store?.close();
});

async function signIn(till, token) {
  await till.find('#door').waitFor();
  await till.find('#token').fill(token);
  await till.page.keyboard.press('Enter');
}

/** A call that the page's own scripts could make. */
const call = (till, path, headers) => till.page.evaluate(async ([to, sent]) => {
  const body = JSON.stringify({ sale: 'X-1', amount: '1.00', currency: 'AED', mode: 'scan' });
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'x-1', ...sent };
  const answer = await fetch(to, { method: 'POST', headers, body });
  return { status: answer.status, code: (await answer.json()).code };
}, [path, headers]);

test('a cashier signs in, pays, is signed out by a restart, and signs out', async () => {
  const till = await Till.open(browser, store.origin);
  await signIn(till, 'not the token');
  await till.reads('#door-message', 'The access token is not known.');
  assert.equal(await till.find('#token').inputValue(), '');
  // The door is not waved away.
  await till.page.keyboard.press('Escape');
  await till.find('#door').waitFor();
  assert.deepEqual(await till.barriers(), []);
  await signIn(till, 'token of mona');
  await till.sees('free');
  assert.equal(await till.text('#sign-out'), 'Sign out mona');
  await till.collect({ amount: '90.00', sale: 'A-1' });
  await till.page.reload();
  await till.sees('armed');
  await till.code(freshCode());
  await till.sees('paid');
  await till.next();

  // The cookie alone starts nothing, and no script can read it.
  assert.deepEqual(await call(till, '/v1/lanes/1/tenders', {}), { status: 403, code: 'csrf' });
  assert.deepEqual(
    await call(till, '/v1/lanes/1/tenders', { 'X-CSRF-Token': 'guessed' }),
    { status: 403, code: 'csrf' },
  );
  assert.equal(await till.page.evaluate(() => document.cookie), '');
  const [cookie] = await till.page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);

  // Sessions end with the service: the door opens by itself and leads back.
  await store.crash();
  await till.reads('#lost', 'No connection to the service.');
  await store.start();
  await signIn(till, 'token of mona');
  await till.sees('free');
  await till.gone('#lost');
  await till.reads('#today li', 'Sale A-1');

  await till.find('#sign-out').click();
  await till.find('#door').waitFor();
  assert.deepEqual(await call(till, '/v1/lanes/1/tenders', {}), { status: 401, code: 'unauthorized' });
  assert.deepEqual(till.complaints, []);
  await till.page.context().close();
});

test('a viewer looks and cannot start', async () => {
  const till = await Till.open(browser, store.origin);
  await signIn(till, 'token of omar');
  await till.sees('free');
  await till.reads('#explain', 'You are signed in to look only.');
  for (const part of ['#start', '#go', '#clear', '#cancel', '#next', '#typed']) {
    assert.equal(await till.find(part).isVisible(), false, part);
  }
  const csrf = await till.page.evaluate(async () => (await (await fetch('/v1/session')).json()).csrf);
  assert.deepEqual(
    await call(till, '/v1/lanes/1/tenders', { 'X-CSRF-Token': csrf }),
    { status: 403, code: 'role' },
  );
  // What others do is shown, and there is nothing to press.
  const bearer = { Authorization: 'Bearer token of mona' };
  const body = { sale: 'B-1', amount: '91.00', currency: 'AED', mode: 'scan' };
  const { id } = await store.api('POST', '/v1/lanes/1/tenders', body, { 'Idempotency-Key': 'b-1', ...bearer });
  await till.sees('armed');
  assert.equal(await till.find('#cancel').isVisible(), false);
  await store.api('POST', `/v1/tenders/${id}/cancel`, undefined, bearer);
  await till.sees('not_paid');
  assert.equal(await till.find('#next').isVisible(), false);
  assert.deepEqual(till.complaints, []);
  await till.page.context().close();
});
