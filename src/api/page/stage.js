// The large card: what the lane does now. It is drawn from the tender alone, so
// that a page that was just opened and one that watched all along look the same.

import { say } from './words.js';

const $ = (id) => document.getElementById(id);

/** Which of the looks a tender has; `free` without one. */
export function look(tender) {
  if (!tender) return 'free';
  return tender.verdict ?? tender.state;
}

function explanation(tender, now) {
  const parts = [tender.reason?.text ?? '', say(`${now}_text`)];
  if (now === 'not_paid' && ['unknown', 'returning'].includes(tender.money)) {
    parts.push(say('returning_text'));
  }
  return parts.filter(Boolean).join(' ');
}

/** Draws a tender, or the form for the next one. */
export function draw(tender, lane, mayAct) {
  const now = look(tender);
  const working = ['paying', 'waiting', 'checking'].includes(now);
  $('stage').dataset.look = working ? 'working' : now;
  $('start').hidden = Boolean(tender) || !mayAct;
  $('live').hidden = !tender && mayAct;
  $('currency').textContent = lane.currency;
  $('headline').textContent = say(now);
  $('sum').hidden = !tender;
  $('sum').firstElementChild.textContent = tender ? `${tender.amount} ${tender.currency}` : '';
  $('explain').textContent = tender ? explanation(tender, now) : '';
  const last = tender?.attempts.at(-1);
  const about = tender ? [say('about', { sale: tender.sale }), last?.wallet, last?.code] : [];
  $('about').textContent = about.filter(Boolean).join(' · ');
  $('typed').hidden = now !== 'armed' || !mayAct;
  $('extend').hidden = now !== 'waiting' || !mayAct;
  $('cancel').hidden = !(now === 'armed' || working) || !mayAct;
  $('next').hidden = !tender?.verdict || !mayAct;
}
