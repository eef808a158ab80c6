// The lists beside the card. Text only ever enters as text.

import { clock, say } from './words.js';

const $ = (id) => document.getElementById(id);

function make(tag, text, data = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  Object.assign(element.dataset, data);
  return element;
}

export function drawLanes(lanes, chosen) {
  const options = lanes.map((lane) => {
    const option = make('option', lane.id);
    option.value = lane.id;
    option.selected = lane.id === chosen;
    return option;
  });
  $('lane').replaceChildren(...options);
  $('lane-choice').hidden = lanes.length < 2;
  $('lane-title').textContent = say('lane_title', { lane: chosen });
}

const GOOD = { ready: 'yes', ok: 'yes', unknown: 'unknown' };

export function drawHealth(lane) {
  const chip = (name, state, text) => {
    const item = make('li', `${name}: ${say(state)}`, { good: GOOD[state] ?? 'no' });
    if (text) item.title = text;
    return item;
  };
  $('health').replaceChildren(
    ...lane.scanners.map((s) => chip(say('scanner', { id: s.id }), s.state, s.text)),
    ...lane.gateways.map((g) => chip(say('gateway', { id: g.id }), g.state)),
  );
}

export function drawNotices(notices) {
  const items = notices.map((notice) => {
    const item = make('li', notice.text);
    item.prepend(make('time', clock(notice.time)));
    return item;
  });
  $('notices').replaceChildren(...(items.length ? items : [make('li', say('no_notices'))]));
}

export function drawDuties(duties) {
  $('duties-card').hidden = duties.length === 0;
  const items = duties.map((duty) => {
    const item = make('li', `${say(`duty_${duty.duty}`)}: ${say('duty_line', duty)}`);
    const since = say('duty_since', { time: clock(duty.opened), tries: String(duty.tries) });
    item.append(make('small', duty.alerted ? `${since} · ${say('duty_alert')}` : since));
    item.classList.toggle('alert', duty.alerted);
    return item;
  });
  $('duties').replaceChildren(...items);
}

export function drawToday(tenders) {
  $('today-none').hidden = tenders.length > 0;
  const rows = tenders.map((tender) => {
    const row = document.createElement('tr');
    const amount = make('td', '');
    amount.className = 'number';
    amount.append(make('bdi', tender.amount));
    const sale = make('td', '');
    sale.append(make('bdi', tender.sale));
    const outcome = make('td', say(tender.verdict ?? tender.state), {
      verdict: tender.verdict ?? '',
    });
    if (tender.reason) outcome.title = tender.reason.text;
    row.append(make('td', clock(tender.created)), sale, amount, outcome);
    return row;
  });
  $('today').replaceChildren(...rows);
}
