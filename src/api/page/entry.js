// The form that starts a payment: an amount, a ticket number, and a keypad for
// screens without a keyboard.

import { say } from './words.js';

const $ = (id) => document.getElementById(id);

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '.', '0', 'back'];

// Whoever has a keyboard types into the fields, so the keys are no stops of Tab.
// Pressing one leaves the focus where it is: it types into that field.
$('keypad').replaceChildren(...KEYS.map((key) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.tabIndex = -1;
  button.textContent = key === 'back' ? '⌫' : key;
  if (key === 'back') button.setAttribute('aria-label', say('back'));
  button.addEventListener('pointerdown', (event) => event.preventDefault());
  button.addEventListener('click', () => type(key));
  return button;
}));

function type(key) {
  const field = document.activeElement === $('sale') ? $('sale') : $('amount');
  let { selectionStart: from, selectionEnd: to } = field;
  if (key === 'back' && from === to) from = Math.max(0, from - 1);
  if (key !== 'back' && field.value.length - (to - from) >= field.maxLength) return;
  field.setRangeText(key === 'back' ? '' : key, from, to, 'end');
}

/** Digits as they are typed here and elsewhere, as the service reads them. */
export function decimal(text) {
  return text
    .trim()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace('٫', '.');
}

/**
 * What was entered, or what is missing: the field and the words for it. Enter in
 * the amount goes on to the ticket number, as a scan of the ticket does to the end.
 */
export function entered() {
  const amount = decimal($('amount').value);
  const sale = $('sale').value.trim();
  if (!amount) return { missing: $('amount'), words: say('need_amount') };
  if (!sale) return { missing: $('sale'), words: say('need_sale') };
  const currency = $('currency').textContent;
  return { content: { sale, amount, currency, mode: 'scan', part: $('part').checked } };
}

export function drawEntry(lane) {
  $('currency').textContent = lane.currency;
  $('ceiling').textContent = say('ceiling', lane);
}
