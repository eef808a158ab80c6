// Who can use the page: without a mouse, in Arabic, with a scanner that types.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Store, freshCode } from './service.mjs';
import { Till, openBrowser } from './till.mjs';

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser?.close());

const focus = (till) => till.page.evaluate(() => document.activeElement.id);

test('a payment by keyboard alone', async () => {
  const store = await Store.open({ lanes: ['1', '2'] });
  try {
    const till = await Till.open(browser, store.origin);
    const { keyboard } = till.page;
    await till.sees('free');
    assert.equal(await focus(till), 'amount');
    await keyboard.type('70.50');
    // Enter goes on to what is missing; a ticket that is scanned ends with it.
    await keyboard.press('Enter');
    await till.find('#sale:focus').waitFor();
    await keyboard.type('K-1');
    await keyboard.press('Enter');
    await till.sees('armed');
    assert.equal(await focus(till), 'code');
    // A scanner that types what the service must not see as a payment.
    await keyboard.type('6291003086533');
    await keyboard.press('Enter');
    await till.reads('#message', 'product barcode');
    await till.sees('armed');
    await keyboard.type(freshCode());
    await keyboard.press('Enter');
    await till.sees('paid');
    // Whatever a scanner types now presses nothing.
    assert.equal(await focus(till), 'stage');
    await keyboard.type('6291003086533');
    await keyboard.press('Enter');
    await till.sees('paid');
    await till.find('#next:enabled').waitFor();
    await keyboard.press('F2');
    await till.sees('free');

    await keyboard.type('71');
    await keyboard.press('Tab');
    await keyboard.type('K-2');
    await keyboard.press('Enter');
    await till.sees('armed');
    await keyboard.press('F8');
    await till.sees('not_paid');
    await till.find('#next:enabled').waitFor();
    await keyboard.press('F2');
    await till.sees('free');

    // Tab goes through the page in reading order and past the keypad.
    await till.page.reload();
    await till.sees('free');
    const order = [];
    for (let n = 0; n < 8; n += 1) {
      order.push(await focus(till));
      await keyboard.press('Tab');
    }
    assert.deepEqual(order, [
      'amount', 'sale', 'part', 'clear', 'go', 'open-scroll', 'today-scroll', '',
    ]);

    // Another lane has its own business.
    await till.find('#lane').selectOption('2');
    await till.reads('#today-none', 'No payments yet today.');
    await till.page.reload();
    await till.sees('free');
    assert.equal(await till.find('#lane').inputValue(), '2');
    assert.deepEqual(till.complaints, []);
    await till.page.context().close();
  } finally {
    await store.close();
  }
});

test('a payment by touch, with the keypad', async () => {
  const store = await Store.open();
  try {
    const till = await Till.open(browser, store.origin, {
      viewport: { width: 1024, height: 768 }, hasTouch: true,
    });
    await till.sees('free');
    const press = (name) => till.page.getByRole('button', { name, exact: true }).tap();
    for (const key of ['8', '1', '9', 'Delete the last digit', '.', '2', '5']) await press(key);
    assert.equal(await till.find('#amount').inputValue(), '81.25');
    await till.find('#sale').tap();
    for (const key of ['4', '2']) await press(key);
    assert.equal(await till.find('#sale').inputValue(), '42');
    await press('Clear');
    assert.equal(await till.find('#amount').inputValue(), '');
    for (const key of ['9', '.', '5', '0']) await press(key);
    await till.find('#sale').tap();
    await press('7');
    await press('Start');
    await till.sees('armed');
    assert.equal(await till.text('#sum'), '9.50 AED');
    await till.find('#cancel').tap();
    await till.sees('not_paid');
    assert.deepEqual(till.complaints, []);
    await till.page.context().close();
  } finally {
    await store.close();
  }
});

test('in Arabic, from right to left', async () => {
  const store = await Store.open({ language: 'ar' });
  try {
    const till = await Till.open(browser, store.origin);
    await till.sees('free');
    const page = await till.page.evaluate(() => {
      const { lang: language, dir: direction } = document.documentElement;
      const edge = (selector) => document.querySelector(selector).getBoundingClientRect().x;
      return { language, direction, cardIsRight: edge('#stage') > edge('aside') };
    });
    assert.deepEqual(page, { language: 'ar', direction: 'rtl', cardIsRight: true });
    assert.equal(await till.text('#go'), 'ابدأ');
    // Digits as they are typed here.
    await till.collect({ amount: '٣٧٫٥٠', sale: 'R-1' });
    assert.equal(await till.text('#headline'), 'امسح رمز العميل');
    assert.equal(await till.text('#sum'), '37.50 AED');
    await till.code('https://example.com/menu');
    await till.find('#message').filter({ hasText: /\p{Script=Arabic}/u }).waitFor();
    await till.code(freshCode());
    await till.sees('paid');
    assert.equal(await till.text('#headline'), 'تم الدفع');
    await till.next();
    await till.collect({ amount: '38.00', sale: 'R-2' });
    await till.find('#cancel').click();
    await till.sees('not_paid');
    await till.reads('#explain', 'تم الإلغاء. لم يُخصم أي مبلغ.');
    await till.next();
    await till.fill({ amount: '37.50', sale: 'R-1' });
    await till.find('#go').click();
    await till.reads('#message', 'هذا البيع مدفوع.');
    assert.deepEqual(till.complaints, []);
    await till.page.context().close();
  } finally {
    await store.close();
  }
});
