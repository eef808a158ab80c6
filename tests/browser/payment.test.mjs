// Payments as a cashier takes them: the real service, a simulated gateway.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Store, freshCode } from './service.mjs';
import { Till, openBrowser } from './till.mjs';

/** The customer takes longer than any test. */
const HESITATES = { wait: { millis: 600_000 }, then: 'paid' };

let browser;
let store;
let till;

before(async () => {
  browser = await openBrowser();
  store = await Store.open();
});
after(async () => {
  await browser?.close();
  await store?.close();
});
beforeEach(async () => { till = await Till.open(browser, store.origin); });
afterEach(async () => {
  const { complaints } = till;
  await till.page.context().close();
  assert.deepEqual(complaints, []);
});

test('a typed code pays, and the customer is waited for meanwhile', async () => {
  await till.collect({ amount: '37.50', sale: 'A-1' });
  assert.equal(await till.text('#sum'), '37.50 AED');
  await store.plan(HESITATES);
  const code = freshCode();
  await till.code(code);
  await till.sees('waiting');
  assert.equal(await till.text('#headline'), 'The customer is confirming');
  // The code is on no screen any more, the masked one aside.
  assert.equal(await till.find('#code').inputValue(), '');
  assert.ok(!(await till.page.content()).includes(code));
  const [{ attempts: [{ order }] }] = await store.tenders('sale=A-1');
  await store.confirm(order);
  await till.sees('paid');
  assert.equal(await till.text('#headline'), 'Paid');
  assert.match(await till.find('#announce').textContent(), /^Paid/);
  assert.match(await till.page.title(), /^Paid · Lane 1$/);
  await till.reads('#today li:first-child .outcome', 'Paid');
  await till.next();
  const [tender] = await store.tenders('sale=A-1');
  assert.equal(tender.verdict, 'paid');
  assert.notEqual(tender.acknowledged, null);
  // A sale that is paid is not charged again, unless it is split.
  await till.fill({ amount: '37.50', sale: 'A-1' });
  await till.find('#go').click();
  await till.reads('#message', 'This sale is paid.');
  await till.find('#part').check();
  await till.find('#go').click();
  await till.sees('armed');
  await till.find('#cancel').click();
  await till.sees('not_paid');
  await till.next();
});

test('pressing twice makes one tender and undoes nothing', async () => {
  await till.fill({ amount: '5.00', sale: 'B-1' });
  await till.find('#go').dblclick();
  await till.sees('armed');
  assert.deepEqual((await store.tenders('sale=B-1')).map(({ state }) => state), ['armed']);
  // However slowly: where Start stood nothing cancels, where Cancel stood nothing
  // wipes the verdict away.
  const middle = async (selector) => {
    const { x, y, width, height } = await till.find(selector).boundingBox();
    return [x + width / 2, y + height / 2];
  };
  const cancel = await middle('#cancel');
  await till.page.mouse.click(...cancel);
  await till.sees('not_paid');
  await till.reads('#explain', 'Cancelled. No money moved.');
  await till.find('#next:enabled').waitFor();
  await till.page.mouse.click(...cancel);
  const next = await middle('#next');
  await till.page.mouse.click(...next);
  await till.sees('free');
  await till.page.mouse.click(...next);
  await till.reads('#message', 'Enter the amount.');
  await till.fill({ amount: '5.00', sale: 'B-1' });
  const start = await middle('#go');
  await till.page.mouse.click(...start);
  await till.sees('armed');
  const before = (await store.tenders('sale=B-1')).map(({ state }) => state);
  await till.page.mouse.click(...start);
  assert.deepEqual(before, ['armed', 'done']);
  assert.equal(await till.find('#cancel').isEnabled(), true);
  assert.deepEqual((await store.tenders('sale=B-1')).map(({ state }) => state), before);
  await till.find('#cancel').click();
  await till.sees('not_paid');
  await till.next();
});

test('a tender whose answer was lost is found again by itself', async () => {
  const keys = [];
  await till.sees('free');
  await till.page.route('**/v1/lanes/1/tenders', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    // It happened, and nobody heard of it.
    await route.fetch();
    await route.abort();
  });
  // Nor do the events come through.
  await till.page.route('**/v1/lanes', (route) => route.abort());
  await till.find('#amount').fill('6.00');
  await till.find('#sale').fill('B-2');
  await till.find('#go').click();
  await till.reads('#message', 'Press Start again');
  await till.page.reload();
  await till.page.unroute('**/v1/lanes');
  // The tender that was made is found without asking.
  await till.sees('armed');
  assert.equal((await store.tenders('sale=B-2')).length, 1);
  await till.find('#cancel').click();
  await till.sees('not_paid');
  await till.next();
  assert.equal(keys.length, 1);
});

test('Start pressed again after a lost answer repeats the key', async () => {
  const keys = [];
  await till.page.route('**/v1/lanes/1/tenders', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    await (keys.length === 1 ? route.abort() : route.continue());
  });
  await till.fill({ amount: '6.00', sale: 'B-3' });
  await till.find('#go').click();
  await till.reads('#message', 'Press Start again');
  await till.find('#go').click();
  await till.sees('armed');
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  await till.find('#cancel').click();
  await till.sees('not_paid');
  await till.next();
});

test('a stale code arms again with the reason, the next one pays', async () => {
  await till.collect({ amount: '21.00', sale: 'C-1' });
  await store.plan({ then: { refused: '62021' } });
  await till.code(freshCode());
  await till.reads('#explain', 'The code was refused. Ask the customer to refresh it and scan again.');
  await till.sees('armed');
  assert.ok(await till.find('#stage[data-again]').isVisible());
  await till.code(freshCode());
  await till.sees('paid');
  await till.next();
});

test('what is no payment code is explained and keeps the tender armed', async () => {
  await till.collect({ amount: '22.00', sale: 'D-1' });
  for (const [code, sentence] of [
    ['6291003086539', 'Bad read. Scan again.'],
    ['6291003086533', 'product barcode'],
    ['https://example.com/menu', 'This is a web link.'],
    ['281234567890123456', 'This wallet is not accepted here.'],
  ]) {
    await till.code(code);
    await till.reads('#message', sentence);
    await till.sees('armed');
    assert.equal(await till.find('#code').inputValue(), '');
  }
  const [{ attempts }] = await store.tenders('sale=D-1');
  assert.deepEqual(attempts, []);
  await till.find('#cancel').click();
  await till.sees('not_paid');
  assert.equal(await till.text('#message'), '');
  await till.next();
});

test('a customer who is cancelled on gets the truth, not what the button said', async () => {
  await till.collect({ amount: '30.00', sale: 'E-1' });
  await store.plan(HESITATES);
  await till.code(freshCode());
  await till.sees('waiting');
  // The customer pays in the very moment of the cancel.
  await store.fault('cancelOrder', 'paid_before_cancel');
  await till.find('#cancel').click();
  await till.sees('paid');
  await till.next();

  await till.collect({ amount: '31.00', sale: 'E-2' });
  await store.plan(HESITATES);
  await till.code(freshCode());
  await till.sees('waiting');
  await till.find('#extend').click();
  await till.find('#extend').click();
  await till.reads('#message', 'The time can be extended once');
  await till.find('#cancel').click();
  await till.sees('not_paid');
  await till.reads('#explain', 'Cancelled. No money moved.');
  await till.next();
});

test('amounts are checked before anything starts', async () => {
  await till.sees('free');
  await till.find('#go').click();
  await till.reads('#message', 'Enter the amount.');
  await till.find('#amount').fill('12.00');
  await till.find('#go').click();
  await till.reads('#message', 'Enter the sale or ticket number.');
  for (const [amount, sentence] of [
    ['0', 'more than zero'],
    ['1,50', 'at most one decimal point'],
    ['5000.01', 'above this lane’s limit of 5000.00'],
  ]) {
    await till.fill({ amount, sale: 'F-1' });
    await till.find('#go').click();
    await till.reads('#message', sentence);
  }
  assert.deepEqual(await store.tenders('sale=F-1'), []);
});

test('two tabs stay in step', async () => {
  const other = await Till.open(browser, store.origin, { beside: till });
  await other.sees('free');
  await till.collect({ amount: '40.00', sale: 'G-1' });
  await other.sees('armed');
  assert.equal(await other.text('#sum'), '40.00 AED');
  await other.code(freshCode());
  await Promise.all([till.sees('paid'), other.sees('paid')]);
  await till.next();
  await other.sees('free');
  assert.deepEqual(other.complaints, []);
  await other.close();
});

test('a payment that another program starts shows up by itself', async () => {
  await till.sees('free');
  const body = { sale: 'H-1', amount: '41.00', currency: 'AED', mode: 'scan' };
  await store.api('POST', '/v1/lanes/1/tenders', body, { 'Idempotency-Key': 'pos-1' });
  await till.sees('armed');
  const [{ id }] = await store.tenders('sale=H-1');
  await store.api('POST', `/v1/tenders/${id}/code`, { code: freshCode() });
  await till.sees('paid');
  await store.api('POST', `/v1/tenders/${id}/acknowledge`);
  await till.sees('free');
});

test('a scanner that is not there is reported, a gateway after its first call', async () => {
  await till.reads('#health li[data-good="no"]', 'Scanner counter: not connected');
  await till.reads('#health li[data-good="yes"]', 'Gateway payby: connected');
  await till.reads('#open li', 'plug the scanner in');
});

test('the gateway found nothing to complain about', async () => {
  assert.deepEqual(await store.violations(), []);
});
