import { summarisePurchases } from "../purchaseSummary.ts";

/** Numbers in [0, 1), the same for the same seed (Mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Gamma of rate 1 (Marsaglia & Tsang 2000). */
export function gammaSample(shape: number, random: () => number): number {
  if (shape < 1) return gammaSample(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + normal / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < (normal * normal) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

export function betaSample(a: number, b: number, random: () => number): number {
  const x = gammaSample(a, random);
  return x / (x + gammaSample(b, random));
}

const exponential = (rate: number, random: () => number): number => -Math.log(1 - random()) / rate;

interface Panel {
  readonly clients: number;
  readonly seed: number;
  /** Time of observation, then of hold-out. */
  readonly exposure: number;
  readonly horizon: number;
}

/** Times are cut into so many "days" that none falls together with another. */
const FINE = 1e6;

function summary(times: readonly number[], { exposure, horizon }: Panel) {
  const days = times.map((time) => Math.round(time * FINE));
  const observation = { endDay: exposure * FINE, unitDays: FINE, holdOutEndDay: (exposure + horizon) * FINE };
  return summarisePurchases(days, observation)!;
}

/** Clients of the BG/NBD, MBG/NBD and MBG/CNBD-k. */
export function simulateBetaGeometric(
  {
    r,
    alpha,
    a,
    b,
    k,
    leavesAtFirst,
  }: { r: number; alpha: number; a: number; b: number; k: number; leavesAtFirst: boolean },
  panel: Panel,
) {
  const random = seeded(panel.seed);
  return Array.from({ length: panel.clients }, () => {
    const rate = gammaSample(r, random) / alpha;
    const leaves = betaSample(a, b, random);
    const times = [0];
    for (let time = 0; !(leavesAtFirst || times.length > 1) || random() >= leaves; ) {
      for (let event = 0; event < k; event++) time += exponential(rate, random);
      if (!(time <= panel.exposure + panel.horizon)) break;
      times.push(time);
    }
    return summary(times, panel);
  });
}

export function simulateParetoNbd(
  { r, alpha, s, beta }: { r: number; alpha: number; s: number; beta: number },
  panel: Panel,
) {
  const random = seeded(panel.seed);
  return Array.from({ length: panel.clients }, () => {
    const rate = gammaSample(r, random) / alpha;
    const leaves = exponential(gammaSample(s, random) / beta, random);
    const times = [0];
    for (let time = exponential(rate, random); time <= Math.min(leaves, panel.exposure + panel.horizon); ) {
      times.push(time);
      time += exponential(rate, random);
    }
    return summary(times, panel);
  });
}

export function simulateSpends(
  { p, q, gamma }: { p: number; q: number; gamma: number },
  { clients, seed }: { clients: number; seed: number },
) {
  const random = seeded(seed);
  return Array.from({ length: clients }, () => {
    const scale = gammaSample(q, random) / gamma;
    const purchases = 1 + Math.floor(random() * 6);
    return { purchases, meanAmount: gammaSample(p * purchases, random) / scale / purchases };
  });
}
