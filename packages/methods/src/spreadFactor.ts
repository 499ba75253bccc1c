/** The panel's usual overall size of scores, as a decayed mean of q (a / n). Plain JSON. */
export interface SpreadState {
  a: number;
  n: number;
}

const HALF_YEAR_DECAY = 0.5 ** (1 / 26);
const MIN_CLIENTS = 8;
const MAX_SCORE = 3;
const PRIOR_SQUARES = 0.25;
const PRIOR_CLIENTS = 4;

/** A panel before its first week. */
export function createSpreadState(): SpreadState {
  return { a: 1, n: 4 };
}

/**
 * The spread factor c (>= 1) of one week, for the steady preset: when many clients look low at once, more than the
 * peer factor takes out (people take holidays in turns), everybody's bar is raised. Alarms are judged on s / c.
 *
 * Call once a week after all clients' steps. Mutates `state`; fewer than 8 scores change nothing. O(n).
 *
 * @param scores s of all monitored clients that were scored this week
 * @param withFew what it is with fewer than 8 scores: for a segment, c of all clients
 */
export function stepSpreadFactor(state: SpreadState, scores: Iterable<number>, withFew = 1): number {
  let clients = 0;
  let squares = 0;
  for (const s of scores) {
    const cut = Math.min(MAX_SCORE, Math.max(0, s));
    clients++;
    squares += cut * cut;
  }
  if (clients < MIN_CLIENTS) return withFew;
  const q = Math.sqrt((squares + PRIOR_SQUARES) / (clients + PRIOR_CLIENTS));
  const usual = state.a / state.n;
  state.a = HALF_YEAR_DECAY * state.a + Math.min(q, 2 * usual);
  state.n = HALF_YEAR_DECAY * state.n + 1;
  return Math.sqrt(Math.max(1, q / usual));
}
