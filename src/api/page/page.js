// The cashier's page. It keeps no truth of its own: an event says that something
// happened, the page reads the lane again and draws what it reads.

import { Lost, Problem, ask, get, signIn, signOut, start, whoAmI } from './calls.js';
import { drawDuties, drawHealth, drawLanes, drawNotices, drawToday } from './lists.js';
import { accept, refuse, taken } from './sound.js';
import { draw, look } from './stage.js';
import { label, say, sayProblem } from './words.js';

const $ = (id) => document.getElementById(id);

// Every type of event that the service sends (docs/api.md).
const FACTS = [
  'tender_created', 'attempt_intended', 'attempt_waiting', 'attempt_unknown',
  'attempt_paid', 'attempt_refused', 'attempt_withdrawn', 'cancel_requested',
  'wait_extended', 'closing_began', 'reversal_intended', 'paid_claimed',
  'verdict_given', 'obligation_opened', 'obligation_changed', 'not_found_noted',
  'obligation_closed', 'evidence_kept', 'alert_raised', 'verdict_acknowledged',
];

const NOTICES_MAX = 5;
const LOOK_AGAIN = 30_000;

let laneId = localStorage.getItem('qrpayd.lane');
let mayAct = false;
let shown = null;      // the tender on the card
let seen = null;       // "id look" of the card, for sounds; null before the first look
let notices = [];
const passed = new Set();  // verdicts that the cashier has put aside

const verdictOf = (tender) => `${tender.id} ${tender.verdict}`;

// ---- reading ---------------------------------------------------------------

let reading = false;
let again = false;

/** Reads and draws everything; calls that come meanwhile make one more round. */
async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  do {
    again = false;
    try {
      await readOnce();
      lost(false);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) await openDoor();
      else lost(true);
    }
  } while (again);
  reading = false;
}

async function readOnce() {
  const { lanes } = await get('/v1/lanes');
  const lane = lanes.find((l) => l.id === laneId) ?? lanes[0];
  if (!lane) return;
  laneId = lane.id;
  const [{ tenders }, { obligations }] = await Promise.all([
    get(`/v1/tenders?day=today&limit=200&lane=${encodeURIComponent(laneId)}`),
    get('/v1/obligations'),
  ]);
  const newest = tenders[0];
  const told = newest?.verdict && !newest.acknowledged && !passed.has(verdictOf(newest));
  show(lane.tender ?? (told ? newest : null), lane);
  if (lane.notice && !notices.some((n) => same(n, lane.notice))) notice(lane.notice);
  drawLanes(lanes, laneId);
  drawHealth(lane);
  drawNotices(notices);
  drawDuties(obligations);
  drawToday(tenders);
}

const same = (a, b) => a.time === b.time && a.code === b.code;

function show(tender, lane) {
  const before = seen;
  const now = look(tender);
  seen = `${tender?.id} ${now}`;
  shown = tender;
  draw(tender, lane, mayAct);
  if (before === seen) return;
  $('message').textContent = '';
  $('cancel').disabled = false;
  $('announce').textContent = `${say(now)}. ${$('explain').textContent}`;
  if (before === null) return;
  if (now === 'paid') accept();
  else if (now === 'not_paid' || now === 'unresolved') refuse();
  else if (now === 'paying') taken();
  // Never to a button: a scanner that types would press it with its Enter key.
  if (tender) $('stage').focus();
  else $('amount').focus();
}

function notice(added) {
  notices = [added, ...notices].slice(0, NOTICES_MAX);
}

// ---- following -------------------------------------------------------------

let events = null;

function follow() {
  events?.close();
  events = new EventSource('/v1/events');
  events.onopen = () => read();
  events.onerror = () => {
    lost(true);
    // A browser gives up for good on an answer that is no stream.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
  for (const fact of FACTS) {
    events.addEventListener(fact, (event) => {
      const { lane, type } = JSON.parse(event.data);
      if (lane === laneId || type.startsWith('obligation')) read();
    });
  }
  events.addEventListener('notice', (event) => {
    const told = JSON.parse(event.data);
    if (told.lane !== laneId || notices.some((n) => same(n, told))) return;
    notice(told);
    drawNotices(notices);
    $('announce').textContent = told.text;
    refuse();
  });
}

function lost(isLost) {
  $('lost').hidden = !isLost;
  document.body.toggleAttribute('data-lost', isLost);
}

// ---- acting ----------------------------------------------------------------

function complain(error, whenLost) {
  if (!(error instanceof Problem) && !(error instanceof Lost)) throw error;
  $('message').textContent = error instanceof Lost ? say(whenLost) : sayProblem(error);
  refuse();
}

/** Asks something of the tender on the card. */
async function request(verb, body) {
  if (!shown) return;
  $('message').textContent = '';
  try {
    await ask(shown.id, verb, body);
  } catch (error) {
    complain(error, 'no_answer');
  }
  await read();
}

/** Digits as they are typed here and elsewhere, as the service reads them. */
function decimal(text) {
  return text
    .trim()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace('٫', '.');
}

$('start').addEventListener('submit', async (event) => {
  event.preventDefault();
  if ($('go').disabled) return;
  $('go').disabled = true;
  $('message').textContent = '';
  const content = {
    sale: $('sale').value.trim(),
    amount: decimal($('amount').value),
    currency: $('currency').textContent,
    mode: 'scan',
    part: $('part').checked,
  };
  try {
    await start(laneId, content);
    $('start').reset();
  } catch (error) {
    complain(error, 'try_again');
  } finally {
    $('go').disabled = false;
  }
  await read();
});

$('typed').addEventListener('submit', (event) => {
  event.preventDefault();
  const code = $('code').value.trim();
  // A payment code does not stay on a screen.
  $('code').value = '';
  if (code) request('code', { code });
});

$('cancel').addEventListener('click', () => {
  $('cancel').disabled = true;
  $('announce').textContent = say('cancelling');
  request('cancel').finally(() => { $('cancel').disabled = false; });
});

$('extend').addEventListener('click', () => request('extend'));

$('next').addEventListener('click', async () => {
  if (!shown) return;
  passed.add(verdictOf(shown));
  try {
    await ask(shown.id, 'acknowledge');
  } catch {
    // It stays in the list, marked as not acknowledged in the journal.
  }
  await read();
});

const KEYS = { F2: 'next', F8: 'cancel', F9: 'extend' };
addEventListener('keydown', (event) => {
  const button = KEYS[event.key] && $(KEYS[event.key]);
  if (!button || button.hidden || button.disabled || $('door').open) return;
  event.preventDefault();
  button.click();
});

$('lane').addEventListener('change', () => {
  laneId = $('lane').value;
  localStorage.setItem('qrpayd.lane', laneId);
  notices = [];
  seen = null;
  read();
});

// ---- the door --------------------------------------------------------------

function enter(caller) {
  mayAct = caller.role !== 'viewer';
  $('sign-out').hidden = caller.csrf === null;
  $('door').close();
  follow();
}

async function openDoor() {
  events?.close();
  if (!$('door').open) $('door').showModal();
}

$('door').addEventListener('cancel', (event) => event.preventDefault());

$('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const token = $('token').value;
  $('token').value = '';
  $('door-message').textContent = '';
  try {
    enter(await signIn(token));
  } catch (error) {
    const isLost = error instanceof Lost;
    $('door-message').textContent = isLost ? say('no_answer') : sayProblem(error);
  }
});

$('sign-out').addEventListener('click', async () => {
  try {
    await signOut();
  } finally {
    location.reload();
  }
});

async function begin() {
  try {
    enter(await whoAmI());
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return openDoor();
    lost(true);
    setTimeout(begin, 2000);
  }
}

label(document);
begin();
// The stream tells at once; this only makes sure.
setInterval(() => { if (!document.hidden && !$('door').open) read(); }, LOOK_AGAIN);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !$('door').open) read();
});
