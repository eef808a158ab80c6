// The large card: what the lane does now. It is drawn from the tender alone, so
// that a page that was just opened and one that watched all along look the same.

import { say } from './words.js';

const $ = (id) => document.getElementById(id);

/** Which of the looks a tender has; `free` without one. */
export function look(tender) {
  if (!tender) return 'free';
  // A code to scan is waited for as the customer is: only the words differ.
  return tender.verdict ?? tender.state;
}

/** The service's sentence says why, and what became of the money. */
function explanation(tender, now) {
  const why = now === 'paid' ? '' : tender.reason?.text;
  // It also says what to do now about a code that was refused.
  const what = now === 'armed' && why ? '' : say(shows(tender) ? showing(tender) : `${now}_text`);
  return [why, what].filter(Boolean).join(' ');
}

/** Whether there is a code on the screen for the customer to scan. */
const shows = (tender) => !tender?.verdict && Boolean(tender?.display?.text);

const showing = (tender) => (tender.display.scanned ? 'scanned_text' : 'show_text');

/** The code, asked for once for each attempt: its picture never changes. */
function drawCode(tender) {
  const code = $('shown');
  code.hidden = !shows(tender);
  $('sign').toggleAttribute('hidden', !code.hidden);
  if (code.hidden) {
    code.removeAttribute('src');
    return;
  }
  const path = `/v1/tenders/${encodeURIComponent(tender.id)}/qr.svg?${tender.attempts.length}`;
  if (code.getAttribute('src') !== path) code.setAttribute('src', path);
  code.alt = say('show_text');
}

/** Draws a tender, or the form for the next one. */
export function draw(tender, mayAct) {
  const now = look(tender);
  const working = ['paying', 'waiting', 'checking'].includes(now);
  const form = now === 'free' && mayAct;
  $('stage').dataset.look = now;
  $('stage').toggleAttribute('data-again', now === 'armed' && Boolean(tender.reason));
  $('start').hidden = !form;
  $('live').hidden = form;

  $('sum').firstElementChild.textContent = tender ? `${tender.amount} ${tender.currency}` : '';
  $('sign').firstElementChild.setAttribute('href', `#sign-${now}`);
  $('headline').textContent = say(now);
  $('explain').textContent = tender ? explanation(tender, now) : say(mayAct ? 'free_text' : 'look_text');
  const last = tender?.attempts.at(-1);
  const about = tender ? [say('about', { sale: tender.sale }), last?.wallet, last?.code] : [];
  $('about').textContent = about.filter(Boolean).join(' · ');

  const offer = (id, is) => { $(id).hidden = !(is && mayAct); };
  drawCode(tender);
  offer('cancel', now === 'armed' || working);
  offer('clear', form);
  offer('go', form);
  offer('typed', now === 'armed' && tender.mode === 'scan');
  offer('extend', now === 'waiting');
  offer('next', Boolean(tender?.verdict));
}
