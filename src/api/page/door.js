// Signing in and out. Where the configuration has no tokens nobody sees the door.

import { Lost, Problem, signIn, signOut, whoAmI } from './calls.js';
import { say, sayProblem } from './words.js';

const $ = (id) => document.getElementById(id);

let enter = () => {};
let leave = () => {};

/** Says what to do when somebody has come in, and when the door has closed again. */
export function guard(whenIn, whenOut) {
  enter = (caller) => {
    $('sign-out').hidden = caller.csrf === null;
    $('sign-out').textContent = say('sign_out', caller);
    $('door').close();
    whenIn(caller);
  };
  leave = whenOut;
}

/** Comes in without a word if that is possible, else opens the door. */
export async function knock() {
  try {
    enter(await whoAmI());
  } catch (error) {
    if (error instanceof Problem && error.status === 401) openDoor();
    else throw error;
  }
}

/** Asks who is there: at the start, and when the session is over. */
export function openDoor() {
  leave();
  if (!$('door').open) $('door').showModal();
}

// It is no window to be waved away.
$('door').addEventListener('cancel', (event) => event.preventDefault());

$('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const token = $('token').value.trim();
  $('token').value = '';
  $('door-message').textContent = '';
  if (!token) return;
  try {
    enter(await signIn(token));
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Lost)) throw error;
    $('door-message').textContent = error instanceof Lost ? say('no_answer') : sayProblem(error);
  }
});

$('sign-out').addEventListener('click', async () => {
  try {
    await signOut();
  } finally {
    location.reload();
  }
});
