// Giving money of a paid tender back. The service decides how much may go and who
// may do it; its refusals are said in the dialog.

import { Lost, Problem, giveBack } from './calls.js';
import { decimal } from './entry.js';
import { say, sayProblem } from './words.js';

const $ = (id) => document.getElementById(id);

let paid = null;
let giving = false;

/** Opens the dialog for a paid tender. */
export function openRefund(tender) {
  paid = tender;
  $('give-about').textContent = say('refund_about', tender);
  $('give-amount').value = tender.refundable;
  $('give-reason').value = '';
  $('give-message').textContent = '';
  $('giving').showModal();
  $('give-amount').select();
}

$('give-back').addEventListener('click', () => $('giving').close());

/** `done` is called when a refund was asked for. */
export function guardRefunds(done) {
  $('give').addEventListener('submit', async (event) => {
    event.preventDefault();
    if (giving) return;
    const content = { amount: decimal($('give-amount').value), reason: $('give-reason').value.trim() };
    if (!content.amount || !content.reason) {
      $('give-message').textContent = say(content.amount ? 'need_reason' : 'need_amount');
      return;
    }
    giving = true;
    try {
      await giveBack(paid.id, content);
      $('giving').close();
    } catch (error) {
      if (!(error instanceof Problem) && !(error instanceof Lost)) throw error;
      $('give-message').textContent = error instanceof Lost ? say('no_answer') : sayProblem(error);
    } finally {
      giving = false;
    }
    await done();
  });
}
