// What stands beside the card: lanes, health, open matters, today. Text only ever
// enters as text.

import { clock, say } from './words.js';

const $ = (id) => document.getElementById(id);

function make(tag, text, data = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  Object.assign(element.dataset, data);
  return element;
}

/** Amounts and names keep their own direction within a sentence. */
function apart(tag, text) {
  const element = make(tag, '');
  const inner = make('bdi', text);
  element.append(inner);
  return element;
}

// A list is only made again when it says something else: who reads it, scrolls in
// it or has the focus in it is not disturbed.
const drawn = new Map();

function fill(id, items, row) {
  const what = JSON.stringify(items);
  if (drawn.get(id) === what) return;
  drawn.set(id, what);
  $(id).replaceChildren(...items.map(row));
}

export function drawLanes(lanes, chosen) {
  fill('lane', lanes.map((lane) => lane.id), (id) => {
    const option = make('option', say('lane_title', { lane: id }));
    option.value = id;
    return option;
  });
  $('lane').value = chosen;
  $('lane').hidden = lanes.length < 2;
  $('lane-title').textContent = say('lane_title', { lane: chosen });
  $('lane-title').classList.toggle('unseen', lanes.length > 1);
}

const GOOD = { ready: 'yes', ok: 'yes', unknown: 'unknown' };
const good = (state) => GOOD[state] ?? 'no';

export function drawHealth({ scanners, gateways }) {
  const parts = [
    ...scanners.map(({ id, state }) => [say('scanner', { id }), state]),
    ...gateways.map(({ id, state }) => [say('gateway', { id }), state]),
  ];
  fill('health', parts, ([name, state]) => {
    const item = make('li', name, { good: good(state) });
    const says = make('span', `: ${say(state)}`);
    says.className = 'state';
    item.append(says);
    return item;
  });
}

const money = ({ amount, currency }) => `${amount} ${currency}`;

// ---- open matters: whatever somebody may have to look at ----

const lateVerdict = (tender) => ({
  weight: tender.verdict === 'paid' ? '' : 'alarm',
  title: `${say('late')}: ${say(tender.verdict)}`,
  amount: money(tender),
  text: [say('about', tender), tender.verdict === 'paid' ? '' : tender.reason?.text],
  tender: tender.id,
});

const unknownEnd = (tender) => ({
  weight: 'doubt',
  title: say('unresolved'),
  amount: money(tender),
  text: [say('about', tender), say('unresolved_text')],
});

const duty = (owed) => ({
  weight: owed.alerted ? 'alarm' : 'doubt',
  title: owed.parked ? say('duty_parked', owed.parked) : say(`duty_${owed.duty}`),
  amount: money(owed),
  text: [
    say('duty_line', { ...owed, time: clock(owed.opened), tries: String(owed.tries) }),
    owed.alerted ? say('duty_alert', owed) : '',
  ],
});

const device = (name, state, text) => ({
  weight: 'alarm', title: `${name}: ${say(state)}`, text: [text],
});

/** Money first, and first of it what waits for a person. */
function matters({ scanners, gateways }, unresolved, late, duties) {
  const fails = ({ state }) => good(state) === 'no';
  return [
    ...late.map(lateVerdict),
    ...duties.filter((owed) => owed.alerted).map(duty),
    ...unresolved.map(unknownEnd),
    ...scanners.filter(fails).map((s) => device(say('scanner', s), s.state, s.text)),
    ...gateways.filter(fails).map((g) => device(say('gateway', g), g.state, say('gateway_text'))),
    ...duties.filter((owed) => !owed.alerted).map(duty),
  ];
}

/** `noted(id)` is called when the cashier has taken note of a late verdict. */
export function drawOpen(lane, unresolved, late, duties, noted) {
  const all = matters(lane, unresolved, late, duties);
  $('open-none').hidden = all.length > 0;
  $('open-count').hidden = all.length === 0;
  $('open-count').textContent = String(all.length);
  fill('open', all, ({ weight, title, amount, text, tender }) => {
    const item = make('li', '', { weight });
    item.append(make('strong', title));
    if (amount) item.append(apart('b', amount));
    item.append(apart('small', text.filter(Boolean).join(' · ')));
    if (tender && noted) {
      const button = make('button', say('noted'));
      button.type = 'button';
      button.addEventListener('click', () => noted(tender));
      item.append(button);
    }
    return item;
  });
}

/** `give(tender)` is called when money of a paid tender shall go back. */
export function drawToday(tenders, give) {
  $('today-none').hidden = tenders.length > 0;
  const rows = tenders.map((tender) => ({
    verdict: tender.verdict ?? '',
    outcome: say(tender.verdict ?? 'running'),
    amount: tender.amount,
    text: [
      clock(tender.created),
      say('about', tender),
      tender.verdict === 'not_paid' ? tender.reason?.text : '',
      ...tender.refunds.map((refund) => `${money(refund)}: ${refund.text}`),
    ],
    left: give && tender.verdict === 'paid' && Number(tender.refundable) > 0 ? tender : null,
  }));
  fill('today', rows, ({ verdict, outcome, amount, text, left }) => {
    const item = make('li', '');
    const says = make('span', outcome, { verdict });
    says.className = 'outcome';
    item.append(says, apart('b', amount), apart('small', text.filter(Boolean).join(' · ')));
    if (left) {
      const button = make('button', say('refund'));
      button.type = 'button';
      button.setAttribute('aria-label', `${say('refund')}: ${say('about', left)}`);
      button.addEventListener('click', () => give(left));
      item.append(button);
    }
    return item;
  });
}
