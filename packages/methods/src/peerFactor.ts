import { SKIPPED_WEEK_FACTOR } from "./dropScore.ts";
import type { NumberList } from "./numberList.ts";

/** A client's events by week. Weeks are consecutive integers in any common numbering (e.g. weeks since 1970). */
export interface WeeklyHistory {
  /** Week of the client's first event. */
  readonly firstWeek: number;
  /** Events of firstWeek, firstWeek + 1, ...: complete weeks only. Weeks missing at the end count as empty. */
  readonly counts: NumberList;
}

/** f of consecutive weeks for one panel (a workspace, or a segment of it). */
export interface PeerFactors {
  readonly firstWeek: number;
  readonly factors: readonly number[];
}

/** One client's share in a week's comparison. */
export interface PeerWeek {
  /** Events of this week. */
  readonly count: number;
  /** The client's usual events a week (lambda = a / e). */
  readonly usualCount: number;
}

const HALF_YEAR_DECAY = 0.5 ** (1 / 26);
/** Fewer peers say nothing. */
export const MIN_PEERS = 8;
const MIN_WEEKS = 8;
const MIN_USUAL_COUNT = 0.1;
const MIN_FACTOR = 0.05;
const MAX_FACTOR = 3;
/** Events' worth of belief that the week is a normal one, or for a segment, one as the whole's. */
const PRIOR_COUNT = 10;
const PRIOR_WEEKS = 5;
/** A panel that stays low for longer than this has changed for good: outages and holidays end sooner. */
const MAX_SKIPPED_WEEKS = 8;

/**
 * What the eligible clients did together in one week against their usual: 1 is as always, 0.5 is half.
 *
 * Large clients are weighed down (1 / (1 + lambda/3)) and one client's burst is cut at 3 * lambda + 3, so that no
 * single client sets the factor. Fewer than 8 peers say nothing: 1.
 */
export function peerRatio(peers: readonly PeerWeek[]): number {
  const sums = emptySums();
  for (const peer of peers) addPeer(sums, peer.count, peer.usualCount);
  return ratioOf(sums);
}

/**
 * The peer factor f of every week from the first event of the panel up to lastWeek: how active all clients were
 * together, against their usual and against the panel's own average ratio (which drifts when clients come and go).
 * A holiday, an outage or a season shows in f and is thereby taken out of everybody's drop score.
 *
 * Weeks below 0.2 are reported but teach nothing: neither the clients' usual counts nor the panel's average move. After
 * eight of them in a row what the panel does now is its new normal: else one that shrank for good would be skipped for
 * ever.
 * O(clients * weeks) time, O(clients + weeks) memory.
 *
 * @param histories all clients of the panel, in any order
 * @param lastWeek last complete week, in the numbering of firstWeek
 * @param whole for a segment, the factors of all clients; for all clients, those of the calendar (calendarWeeks): what a week
 * is taken for as far as its few peers don't say otherwise
 * @throws RangeError on a negative or non-finite count or a non-integer week
 */
export function peerFactors(histories: readonly WeeklyHistory[], lastWeek: number, whole?: PeerFactors): PeerFactors {
  for (const history of histories) checkHistory(history);
  if (histories.length === 0) return { firstWeek: lastWeek + 1, factors: [] };
  const byStart = histories.toSorted((a, b) => a.firstWeek - b.firstWeek);
  const firstWeek = byStart[0]!.firstWeek;
  const activity = new Float64Array(byStart.length);
  const exposure = new Float64Array(byStart.length);
  const panel = { activity: PRIOR_WEEKS, exposure: PRIOR_WEEKS };
  const factors: number[] = [];
  let skipped = 0;

  for (let week = firstWeek, started = 0; week <= lastWeek; week++) {
    while (started < byStart.length && byStart[started]!.firstWeek <= week) started++;
    const sums = emptySums();
    for (let i = 0; i < started; i++) {
      if (week - byStart[i]!.firstWeek < MIN_WEEKS || exposure[i] === 0) continue;
      const usualCount = activity[i]! / exposure[i]!;
      if (usualCount > MIN_USUAL_COUNT) addPeer(sums, countOf(byStart[i]!, week), usualCount);
    }
    // What a segment's ratio is taken for, so far as its peers don't say otherwise: the one at which f is that of all.
    const usual = whole && (whole.factors[week - whole.firstWeek] ?? 1) * (panel.activity / panel.exposure);
    const ratio = ratioOf(sums, usual);
    const factor = clamp((ratio * panel.exposure) / panel.activity, MIN_FACTOR, MAX_FACTOR);
    factors.push(factor);
    skipped = factor < SKIPPED_WEEK_FACTOR ? skipped + 1 : 0;
    if (skipped > MAX_SKIPPED_WEEKS) {
      panel.activity = PRIOR_WEEKS * ratio;
      panel.exposure = PRIOR_WEEKS;
      skipped = 0;
    } else if (skipped > 0) continue;

    panel.activity = HALF_YEAR_DECAY * panel.activity + ratio;
    panel.exposure = HALF_YEAR_DECAY * panel.exposure + 1;
    for (let i = 0; i < started; i++) {
      // Everybody is active in the week of their first event: counted, it makes every wave of new clients look like one
      // that falls off, and everybody's factor sink for a year (CDNOW: to 0.1).
      if (byStart[i]!.firstWeek === week) continue;
      activity[i] = HALF_YEAR_DECAY * activity[i]! + countOf(byStart[i]!, week);
      exposure[i] = HALF_YEAR_DECAY * exposure[i]! + factor;
    }
  }
  return { firstWeek, factors };
}

/**
 * A client's part of a weekly series (peer factors, spread factors): index 0 is the week of its first event, as
 * dropEpisodes expects it. Weeks before the series have factor 1: nobody is known to compare with (older events of a
 * client may arrive after the series was made).
 */
export function alignWeeks(series: readonly number[], seriesFirstWeek: number, clientFirstWeek: number): number[] {
  if (clientFirstWeek < seriesFirstWeek) {
    return [...new Array<number>(seriesFirstWeek - clientFirstWeek).fill(1), ...series];
  }
  return series.slice(clientFirstWeek - seriesFirstWeek);
}

interface WeightedSums {
  peers: number;
  observed: number;
  expected: number;
}

function emptySums(): WeightedSums {
  return { peers: 0, observed: 0, expected: 0 };
}

function addPeer(sums: WeightedSums, count: number, usualCount: number): void {
  const weight = 1 / (1 + usualCount / 3);
  sums.peers++;
  sums.observed += weight * Math.min(count, 3 * usualCount + 3);
  sums.expected += weight * usualCount;
}

function ratioOf(sums: WeightedSums, usual = 1): number {
  return sums.peers < MIN_PEERS ? usual : (sums.observed + PRIOR_COUNT * usual) / (sums.expected + PRIOR_COUNT);
}

function countOf(history: WeeklyHistory, week: number): number {
  return history.counts[week - history.firstWeek] ?? 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function checkHistory(history: WeeklyHistory): void {
  if (!Number.isInteger(history.firstWeek)) throw new RangeError(`firstWeek must be an integer: ${history.firstWeek}`);
  for (const count of history.counts) {
    if (!(count >= 0 && Number.isFinite(count))) throw new RangeError(`count must be finite and >= 0, got ${count}`);
  }
}
