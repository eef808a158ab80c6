// When something fails: the service dies in the middle, the gateway falls silent.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Store, freshCode } from './service.mjs';
import { Till, openBrowser } from './till.mjs';

const HESITATES = { wait: { millis: 600_000 }, then: 'paid' };
const BROKEN = { http: { status: 502, effect: false } };

let browser;
let store;

before(async () => {
  browser = await openBrowser();
  store = await Store.open();
});
after(async () => {
  await browser?.close();
  await store?.close();
});

test('a service that dies is missed, and comes back with the payment it had', async () => {
  const till = await Till.open(browser, store.origin);
  await till.collect({ amount: '60.00', sale: 'A-1' });
  await store.plan(HESITATES);
  await till.code(freshCode());
  await till.sees('waiting');
  assert.equal(await till.text('#lost'), '');
  const [{ attempts: [{ order }] }] = await store.tenders('sale=A-1');

  await store.crash();
  await till.reads('#lost', 'No connection to the service.');
  await till.sees('waiting');
  assert.equal(await till.find('#health').isVisible(), false);
  await till.find('#cancel').click();
  await till.reads('#message', 'The service did not answer.');

  // The customer pays meanwhile. After a restart the gateway's last word decides, and
  // an order that nobody paid by then is closed.
  await store.confirm(order);
  await store.start();
  await till.gone('#lost');
  await till.sees('paid');
  assert.equal(await till.text('#message'), '');
  await till.next();
  assert.equal((await store.tenders('sale=A-1')).length, 1);
  assert.deepEqual(till.complaints, []);
  await till.page.context().close();
});

test('a service that is not there yet is waited for', async () => {
  const till = await Till.open(browser, store.origin);
  await till.sees('free');
  let gone = true;
  await till.page.route('**/v1/**', (route) => (gone ? route.abort() : route.continue()));
  await till.page.reload();
  await till.sees('opening');
  await till.reads('#lost', 'No connection to the service.');
  gone = false;
  await till.sees('free');
  await till.gone('#lost');
  assert.deepEqual(till.complaints, []);
  await till.page.context().close();
});

test('without events the page still follows', async () => {
  const till = await Till.open(browser, store.origin, {
    prepare: (page) => page.route('**/v1/events', (route) => route.fulfill({ status: 503 })),
  });
  await till.collect({ amount: '61.00', sale: 'B-1' });
  const [{ id }] = await store.tenders('sale=B-1');
  await store.api('POST', `/v1/tenders/${id}/code`, { code: freshCode() });
  await till.sees('paid');
  assert.equal(await till.text('#lost'), '');
  await till.next();
  assert.deepEqual(till.complaints, []);
  await till.page.context().close();
});

test('a sale that nobody knows the end of stays open, and its verdict is told late', async () => {
  const till = await Till.open(browser, store.origin);
  await till.collect({ amount: '62.00', sale: 'C-1' });
  await store.plan(HESITATES);
  await till.code(freshCode());
  await till.sees('waiting');
  // The gateway says that the order is paid and can no longer show it.
  await store.fault('getOrder', BROKEN, 10_000);
  await store.fault('cancelOrder', 'paid_before_cancel');
  await till.find('#cancel').click();
  await till.sees('checking');
  await till.reads('#explain', 'Do not hand over the goods');
  await till.sees('unresolved');
  await till.reads('#explain', 'the gateway has not said whether this was paid');
  await till.next();
  await till.reads('#open li', 'Not known yet');

  // The lane goes on meanwhile, and so does the browser.
  await till.collect({ amount: '63.00', sale: 'C-2' });
  await till.page.reload();
  await till.sees('armed');
  await store.clearFaults();
  await till.reads('#open li', 'Came late: Paid');
  await till.sees('armed');
  await till.find('#open button').click();
  await till.find('#open button').waitFor({ state: 'detached' });
  await till.find('#cancel').click();
  await till.sees('not_paid');
  const [tender] = await store.tenders('sale=C-1');
  assert.equal(tender.verdict, 'paid');
  assert.notEqual(tender.acknowledged, null);
  assert.deepEqual(till.complaints, []);
  await till.page.context().close();
});
