/** One way to weigh the recent weeks and to distrust a young spread estimate. */
export interface DropPreset {
  readonly name: "fast" | "steady";
  /** Weights of the newest 8 weeks, newest first; they sum to 1. */
  readonly kernel: readonly number[];
  /** Weeks of evidence that the default spread is worth (N0). */
  readonly defaultSpreadWeeks: number;
  /** Whether alarms are judged on s / c, c the panel's spread factor. */
  readonly usesSpreadFactor: boolean;
}

/** Latest four weeks count triple: sees a drop soonest. */
const fast: DropPreset = {
  name: "fast",
  kernel: [3, 3, 3, 3, 1, 1, 1, 1].map((weight) => weight / 16),
  defaultSpreadWeeks: 3,
  usesSpreadFactor: false,
};

/** Eight equal weeks and the panel's spread factor: for many holidays, or a budget of 0.25 or less. */
const steady: DropPreset = {
  name: "steady",
  kernel: [1, 1, 1, 1, 1, 1, 1, 1].map((weight) => weight / 8),
  defaultSpreadWeeks: 6,
  usesSpreadFactor: true,
};

export const dropPresets = { fast, steady } as const;

/** Below this factor so few peers were active that the week says nothing about one client. */
export const SKIPPED_WEEK_FACTOR = 0.2;

const LEVEL_DECAY = 0.5 ** (1 / 13);
const SPREAD_DECAY = 0.5 ** (1 / 52);
/** The level is made of weeks at least this old, so that a drop does not pull down what it is compared with. */
const LEVEL_LAG_WEEKS = 6;
const RING_WEEKS = 8;
/** Weight of level needed before a score: about 14 weeks of history. */
const MIN_LEVEL_WEIGHT = 6.4;
/** Added under the square root: keeps empty weeks off the steep end of the root. */
const ROOT_OFFSET = 0.1;
const DEFAULT_NOISE_VARIANCE = 0.25;
const DEFAULT_LEVEL_VARIANCE = 0.06;
/** A drop smaller than this share of the level is not worth a manager's time. */
const TOLERATED_SHARE = 0.1;
const SCORE_PER_EMPTY_WEEK = 0.06;
const MAX_EMPTY_WEEKS = 8;

/** What one client carries from week to week: seven numbers and a ring. Plain JSON. */
export interface DropState {
  /** Weights w = min(1, f) of the newest weeks, newest first, at most 8. */
  weights: number[];
  /** w * sqrt(y/f + 0.1) of the same weeks. */
  weighted: number[];
  /** Decayed sum of w*x of weeks at least 6 old. */
  A: number;
  /** Decayed sum of w of the same weeks; A / E is the level. */
  E: number;
  /** Decayed sum of squared differences between now and level. */
  V: number;
  /** Decayed weight behind V. */
  W: number;
  /** Weighted run of empty weeks up to now. */
  R: number;
  /** Score of the latest scored week; undefined until there is one. */
  s: number | undefined;
}

/** One week's score of one client. Levels are counts a week; the rest is on the square-root scale. */
export interface DropScore {
  /** The drop score: z, raised by a run of empty weeks. */
  readonly s: number;
  /** s / spreadFactor: what thresholds are compared with. */
  readonly alarmScore: number;
  /** Drop beyond 10 % of the level, in usual wobbles. */
  readonly z: number;
  /** Kernel mean of the newest 8 weeks. */
  readonly now: number;
  /** Level of the weeks before. */
  readonly m: number;
  /** Usual spread of now - m: sqrt(v). */
  readonly sd: number;
  /** now - m; negative when activity fell. */
  readonly d: number;
  readonly v: number;
  readonly R: number;
  /** Usual count a week, with peers at their normal. */
  readonly levelBefore: number;
  /** Count a week over the kernel's window. */
  readonly levelNow: number;
  /** levelNow / levelBefore; 0 is silence. Never below 0; 1 when there was no level to lose. */
  readonly ratio: number;
  /** The client's usual swing as a share of its level (0.3: plus or minus 30 %). */
  readonly usualWobble: number;
}

/** A client before the week of its first event. */
export function createDropState(): DropState {
  return { weights: [], weighted: [], A: 0, E: 0, V: 0, W: 0, R: 0, s: undefined };
}

/**
 * Takes one complete week into a client's state and scores it. O(1).
 *
 * Mutates `state` (a panel replays millions of client-weeks); everything else is untouched, and equal input gives
 * equal output. Call it for every week from the week of the first event on, in order, empty weeks included.
 *
 * x = sqrt(y/f + 0.1) tames bursts; a kernel over the last 8 weeks is compared with a decayed mean of weeks at least
 * 6 old, in units of the client's own past spread of exactly that difference, shrunk to a default.
 *
 * @param count events of the week, >= 0
 * @param factor what peers did this week against their normal (1 = as always); also 0 for a known absence
 * @param spreadFactor the panel's spread factor c of the week (>= 1), see spreadFactor.ts
 * @returns the score, or undefined when the week is skipped (factor < 0.2) or history is too short (about 14 weeks)
 * @throws RangeError when count or factor is negative or not finite, or spreadFactor is not >= 1
 */
export function stepDropScore(
  state: DropState,
  count: number,
  factor: number,
  preset: DropPreset,
  spreadFactor = 1,
): DropScore | undefined {
  if (!(count >= 0 && Number.isFinite(count))) throw new RangeError(`count must be finite and >= 0, got ${count}`);
  if (!(factor >= 0 && Number.isFinite(factor))) throw new RangeError(`factor must be finite and >= 0, got ${factor}`);
  if (!(spreadFactor >= 1)) throw new RangeError(`spreadFactor must be >= 1, got ${spreadFactor}`);
  if (factor < SKIPPED_WEEK_FACTOR) return undefined;

  const w = Math.min(1, factor);
  takeWeek(state, count, w, w * Math.sqrt(count / factor + ROOT_OFFSET));
  if (state.E < MIN_LEVEL_WEIGHT) return undefined;

  const m = state.A / state.E;
  const now = kernelMean(state, preset.kernel);
  const d = now - m;
  const defaultVariance = DEFAULT_NOISE_VARIANCE * sumOfSquares(preset.kernel) + DEFAULT_LEVEL_VARIANCE * m * m;
  const v = (state.V + preset.defaultSpreadWeeks * defaultVariance) / (state.W + preset.defaultSpreadWeeks);
  const sd = Math.sqrt(v);
  const z = -(d + TOLERATED_SHARE * m) / sd;
  const s = z + (z > 0 ? SCORE_PER_EMPTY_WEEK * Math.min(state.R, MAX_EMPTY_WEEKS) : 0);

  // After the score, and capped at two sd: a drop must not widen the bar that it is about to cross.
  state.V = SPREAD_DECAY * state.V + w * Math.min(d * d, 4 * v);
  state.W = SPREAD_DECAY * state.W + w;
  state.s = s;

  const levelBefore = Math.max(m * m - ROOT_OFFSET, 0);
  const levelNow = Math.max(now * now - ROOT_OFFSET, 0);
  const ratio = levelBefore > 0 ? levelNow / levelBefore : 1;
  const usualWobble = (2 * sd) / m;
  return {
    s,
    alarmScore: s / spreadFactor,
    z,
    now,
    m,
    sd,
    d,
    v,
    R: state.R,
    levelBefore,
    levelNow,
    ratio,
    usualWobble,
  };
}

function takeWeek(state: DropState, count: number, w: number, wx: number): void {
  state.weights.unshift(w);
  state.weighted.unshift(wx);
  if (state.weights.length > LEVEL_LAG_WEEKS) {
    state.A = LEVEL_DECAY * state.A + state.weighted[LEVEL_LAG_WEEKS]!;
    state.E = LEVEL_DECAY * state.E + state.weights[LEVEL_LAG_WEEKS]!;
  }
  if (state.weights.length > RING_WEEKS) {
    state.weights.pop();
    state.weighted.pop();
  }
  state.R = count === 0 ? state.R + w : 0;
}

function kernelMean(state: DropState, kernel: readonly number[]): number {
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < state.weights.length; i++) {
    sum += kernel[i]! * state.weighted[i]!;
    weight += kernel[i]! * state.weights[i]!;
  }
  return sum / weight;
}

function sumOfSquares(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
