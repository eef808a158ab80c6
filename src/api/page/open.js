// Sales whose end was not known when the cashier went on. Their verdict comes
// later, when the card has another payment: it must not go unseen. The names are
// kept with the browser, so that a reload or the next shift is told as well.

import { Problem, get } from './calls.js';

const MEMORY = 'qrpayd.unresolved';
const MAX = 20;

function remembered() {
  try {
    const names = JSON.parse(localStorage.getItem(MEMORY) ?? '[]');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/**
 * The tenders that were unresolved and now have a verdict that nobody took note
 * of, on this lane and not on the card.
 */
export async function late(unresolved, laneId, shown) {
  const open = unresolved.map((tender) => tender.id);
  const gone = remembered().filter((name) => !open.includes(name));
  const answers = await Promise.all(gone.map(async (name) => {
    try {
      return await get(`/v1/tenders/${encodeURIComponent(name)}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }));
  const told = answers.filter((tender) => tender && !tender.acknowledged);
  const keep = [...open, ...told.map((tender) => tender.id)].slice(0, MAX);
  localStorage.setItem(MEMORY, JSON.stringify(keep));
  return told.filter((t) => t.verdict && t.lane === laneId && t.id !== shown?.id);
}
