// The cashier's page. It keeps no truth of its own: an event says that something
// happened, the page reads the lane again and draws what it reads.

import { Lost, Problem, ask, get, start } from './calls.js';
import { guard, knock, openDoor } from './door.js';
import { drawEntry, entered } from './entry.js';
import { drawHealth, drawLanes, drawOpen, drawToday } from './lists.js';
import { late } from './open.js';
import { guardRefunds, openRefund } from './refund.js';
import { accept, refuse, taken } from './sound.js';
import { draw, look } from './stage.js';
import { label, say, sayProblem } from './words.js';

const $ = (id) => document.getElementById(id);

// Every type of event that the service sends (docs/api.md).
const FACTS = [
  'tender_created', 'attempt_intended', 'attempt_waiting', 'attempt_unknown',
  'attempt_paid', 'attempt_refused', 'attempt_withdrawn', 'cancel_requested',
  'wait_extended', 'closing_began', 'call_intended', 'paid_claimed',
  'verdict_given', 'obligation_opened', 'obligation_changed', 'arrival_window_over',
  'not_found_noted', 'obligation_closed', 'evidence_kept', 'alert_raised',
  'verdict_acknowledged', 'shown_code_scanned', 'reversal_rejected', 'return_claimed',
  'attempt_parked', 'attempt_unparked', 'refund_intended', 'refund_call_intended',
  'refund_not_sent', 'refund_unknown', 'refund_pending', 'refund_returned', 'refund_failed',
  'refund_arrival_over', 'refund_not_found_noted', 'refund_evidence_kept',
];

const LIST_MAX = 100;

// The stream tells at once; reading again by the clock shows what it does not tell
// (a scanner that was unplugged), and everything while there is no stream.
const LOOK_AGAIN = 10_000;
const LOOK_AGAIN_SOON = 2_000;

// Who presses Cancel in the moment of the verdict must not wipe the verdict away.
const VERDICT_STAYS = 700;

let laneId = localStorage.getItem('qrpayd.lane');
let mayLook = false;   // somebody is signed in, or need not be
let mayAct = false;
let shown = null;      // the tender on the card
let seen = null;       // what the card says, for sounds; null before the first look
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
      if (error instanceof Problem && error.status === 401) openDoor();
      else if (error instanceof Problem || error instanceof Lost) lost(true);
      else throw error;
    }
  } while (again);
  reading = false;
  later();
}

async function readOnce() {
  const here = `lane=${encodeURIComponent(laneId ?? '')}`;
  const wanted = laneId === null ? [] : [
    get(`/v1/tenders?day=today&limit=${LIST_MAX}&${here}`),
    get(`/v1/tenders?state=checking&${here}`),
  ];
  const [{ lanes }, { obligations }, today, checking] = await Promise.all([
    get('/v1/lanes'), get('/v1/obligations'), ...wanted,
  ]);
  const lane = lanes.find((l) => l.id === laneId);
  if (!lane) {
    // The first look, or a lane that is configured no more.
    laneId = lanes[0]?.id ?? null;
    again = laneId !== null;
    return;
  }
  const newest = today.tenders[0];
  const unresolved = checking.tenders.filter((tender) => tender.verdict === 'unresolved');
  show(current(lane, newest));
  drawLanes(lanes, laneId);
  drawEntry(lane);
  drawHealth(lane);
  drawToday(today.tenders, mayAct && openRefund);
  const told = await late(unresolved, laneId, shown);
  drawOpen(lane, unresolved, told, obligations, mayAct && noted);
}

/**
 * The tender for the card: the one that runs, else the newest as long as its
 * verdict is news. Lane and list are read one after the other: of two views of
 * the same tender the one with a verdict is the later.
 */
function current(lane, newest) {
  if (!newest) return lane.tender;
  if (lane.tender && lane.tender.id !== newest.id) return lane.tender;
  if (!newest.verdict) return lane.tender ?? newest;
  return newest.acknowledged || passed.has(verdictOf(newest)) ? null : newest;
}

function show(tender) {
  const before = seen;
  const now = look(tender);
  // A code that was refused arms the tender again: the number of attempts tells.
  seen = `${tender?.id} ${now} ${tender?.attempts.length}`;
  shown = tender;
  draw(tender, mayAct);
  document.title = `${say(now)} · ${say('lane_title', { lane: laneId })}`;
  if (before === seen) return;
  if (before !== null) $('message').textContent = '';
  $('cancel').disabled = false;
  $('next').disabled = true;
  setTimeout(() => { $('next').disabled = false; }, VERDICT_STAYS);
  $('announce').textContent = [say(now), $('explain').textContent].filter(Boolean).join('. ');
  if (before !== null) sound(now, tender);
  if (!$('door').open && !$('giving').open) place(now);
}

function sound(now, tender) {
  if (now === 'paid') accept();
  else if (now === 'not_paid' || now === 'unresolved') refuse();
  else if (now === 'armed' && tender.reason) refuse();
  else if (now === 'paying') taken();
}

/**
 * The focus goes where typing is good for something, and never to a button: a
 * scanner that types would press it with its Enter key. A code that the till's
 * own scanner types goes where codes go.
 */
function place(now) {
  const field = { free: 'amount', armed: 'code' }[now];
  if (field && mayAct) $(field).focus();
  else if (document.activeElement !== document.body) $('stage').focus({ preventScroll: true });
}

// ---- following -------------------------------------------------------------

let events = null;
let following = false;

function follow() {
  events?.close();
  events = new EventSource('/v1/events');
  events.onopen = () => {
    following = true;
    read();
  };
  events.onerror = () => {
    following = false;
    // Reading tells whether the service is gone, or only the session.
    read();
  };
  for (const fact of FACTS) {
    events.addEventListener(fact, (event) => {
      const { lane, type } = JSON.parse(event.data);
      if (lane === laneId || type.startsWith('obligation') || type === 'call_intended') read();
    });
  }
  events.addEventListener('notice', (event) => {
    const told = JSON.parse(event.data);
    if (told.lane === laneId) warn(told.text);
  });
}

let timer = null;

/** Looks again by the clock: soon, unless the stream and the last look were well. */
function later() {
  const well = following && !document.body.hasAttribute('data-lost');
  clearTimeout(timer);
  timer = setTimeout(watch, well ? LOOK_AGAIN : LOOK_AGAIN_SOON);
}

function watch() {
  if (!mayLook) return;
  // A browser gives up for good on an answer that is no stream.
  if (events.readyState === EventSource.CLOSED) follow();
  read();
}

function lost(isLost) {
  document.body.toggleAttribute('data-lost', isLost);
  const words = isLost ? say('lost') : '';
  if ($('lost').textContent !== words) $('lost').textContent = words;
}

// ---- acting ----------------------------------------------------------------

function warn(text) {
  $('message').textContent = text;
  refuse();
}

function complain(error, whenLost) {
  if (!(error instanceof Problem) && !(error instanceof Lost)) throw error;
  warn(error instanceof Lost ? say(whenLost) : sayProblem(error));
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

let starting = false;

$('start').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (starting) return;
  const { missing, words, content } = entered();
  if (missing) {
    $('message').textContent = words;
    missing.focus();
    return;
  }
  starting = true;
  $('message').textContent = '';
  try {
    await start(laneId, content);
    $('start').reset();
  } catch (error) {
    complain(error, 'try_again');
  } finally {
    starting = false;
  }
  await read();
});

$('start').addEventListener('reset', () => {
  $('message').textContent = '';
  if (!$('start').hidden) $('amount').focus();
});

$('typed').addEventListener('submit', (event) => {
  event.preventDefault();
  const code = $('code').value.trim();
  // A payment code does not stay on a screen.
  $('code').value = '';
  if (code) request('code', { code });
});

$('cancel').addEventListener('click', async () => {
  $('cancel').disabled = true;
  $('announce').textContent = say('cancelling');
  await request('cancel');
  $('cancel').disabled = false;
});

$('extend').addEventListener('click', () => request('extend'));

$('next').addEventListener('click', async () => {
  if (!shown) return;
  passed.add(verdictOf(shown));
  // What is not known yet cannot be taken note of: it stays among the open matters.
  if (shown.verdict !== 'unresolved') await acknowledge(shown.id);
  await read();
});

async function acknowledge(id) {
  try {
    await ask(id, 'acknowledge');
  } catch (error) {
    // It stays in the list, marked as not acknowledged in the journal.
    if (!(error instanceof Problem) && !(error instanceof Lost)) throw error;
  }
}

async function noted(id) {
  await acknowledge(id);
  await read();
  $('stage').focus({ preventScroll: true });
}

const KEYS = { F2: 'next', F8: 'cancel', F9: 'extend' };
addEventListener('keydown', (event) => {
  const button = KEYS[event.key] && $(KEYS[event.key]);
  if (!button || button.hidden || button.disabled || $('door').open || $('giving').open) return;
  event.preventDefault();
  if (!event.repeat) button.click();
});

$('lane').addEventListener('change', () => {
  laneId = $('lane').value;
  localStorage.setItem('qrpayd.lane', laneId);
  seen = null;
  read();
});

// ---- beginning -------------------------------------------------------------

function enter(caller) {
  mayAct = caller.role !== 'viewer';
  mayLook = true;
  seen = null;
  follow();
}

function leave() {
  mayLook = false;
  following = false;
  events?.close();
  lost(false);
}

async function begin() {
  try {
    await knock();
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Lost)) throw error;
    lost(true);
    setTimeout(begin, LOOK_AGAIN_SOON);
  }
}

label(document);
guard(enter, leave);
guardRefunds(read);
begin();
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && mayLook) read();
});
