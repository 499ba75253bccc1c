import { poissonCount } from "@keypulse/methods";

/**
 * Made-up companies whose structure is written down, to judge what the real histories of this repository can't: they hold
 * one channel and under two years. In each a client's week in a channel is a Poisson count of mean
 *
 *   rate × season(week) × level(week) × busy(client, week) × burst(client, channel, week)
 *
 * - rate: log-uniform by client, times the channel's own;
 * - season: 1 but for those below;
 * - level: exp of a stationary autoregression, half-life 13 weeks, standard deviation .2: it wanders, and comes back;
 * - busy: gamma, mean 1, shape 8, the same in all channels of a client; burst: gamma, mean 1, shape by channel (the lower,
 *   the noisier the source).
 *
 * Nobody leaves: whatever is raised, but for drops that were planted, is a false alarm.
 */
export interface Company {
  readonly weeks: number;
  /** Weekly counts by client and channel; a channel that a client does not use is all zeros. */
  readonly clients: readonly (readonly (readonly number[])[])[];
  /** The segment that each client is of: its place in the law's list. */
  readonly segments: readonly number[];
}

export interface ChannelLaw {
  readonly name: string;
  /** Events a week of a client of scale 1. */
  readonly rate: number;
  /** Share of clients who use it. */
  readonly used: number;
  readonly burstShape: number;
}

/** How activity goes up and down within a year. */
export type Season =
  | { readonly kind: "none" }
  /** exp(strength × cos), its peak at the same week for all, for a segment, or at one of its own for each client. */
  | { readonly kind: "wave"; readonly strength: number; readonly phase: "shared" | "segment" | "own" }
  /** In every segment two weeks in thirteen at a share of the usual, the same for all of it: a fair, works holidays. */
  | { readonly kind: "closings"; readonly share: number }
  /** Eight weeks a year at a share of the usual, at a time of the client's own, a week sooner or later from year to year. */
  | { readonly kind: "pause"; readonly share: number };

export interface CompanyLaw {
  readonly clients: number;
  readonly weeks: number;
  /** Smallest and largest scale of a client. */
  readonly scales: readonly [number, number];
  readonly channels: readonly ChannelLaw[];
  readonly season: Season;
  /** Segments by their share of the clients; all are one where it is missing. */
  readonly segments?: readonly number[];
  /** Of each segment, in place of the channel's. */
  readonly burstShapes?: readonly number[];
}

const weeksAYear = 365.25 / 7;
const pauseWeeks = 8;
const busyShape = 8;
const levelDecay = 0.5 ** (1 / 13);
const levelSd = 0.2;

export function drawCompany(law: CompanyLaw, random: () => number): Company {
  const [least, most] = law.scales;
  const segments = drawSegments(law);
  const clients = segments.map((segment) => {
    const scale = least * (most / least) ** random();
    const season = drawSeason(law.season, law.weeks, segment / (law.segments?.length ?? 1), random);
    const busy = Array.from({ length: law.weeks }, () => gamma(busyShape, random) / busyShape);
    const uses = law.channels.map(({ used }) => random() < used);
    if (!uses.includes(true)) uses[0] = true;
    return law.channels.map(({ rate, burstShape: usualShape }, i) => {
      const burstShape = law.burstShapes?.[segment] ?? usualShape;
      const level = drawLevel(law.weeks, random);
      return Array.from({ length: law.weeks }, (_, week) => {
        if (!uses[i]) return 0;
        const burst = gamma(burstShape, random) / burstShape;
        return poissonCount(scale * rate * season[week]! * level[week]! * busy[week]! * burst, random);
      });
    });
  });
  return { weeks: law.weeks, clients, segments };
}

/** In order of their size, so that the same law has the same segments for any seed. */
function drawSegments({ clients, segments = [1] }: CompanyLaw): number[] {
  const ends = segments.map((_, i) => segments.slice(0, i + 1).reduce((sum, share) => sum + share, 0));
  return Array.from({ length: clients }, (_, i) => ends.findIndex((end) => (i + 0.5) / clients < end));
}

/** @param turn of the segment in its year, 0 to 1 */
function drawSeason(season: Season, weeks: number, turn: number, random: () => number): number[] {
  const own = random() * weeksAYear;
  switch (season.kind) {
    case "none":
      return new Array<number>(weeks).fill(1);
    case "wave": {
      const peak = season.phase === "own" ? own : 20 + (season.phase === "segment" ? turn * weeksAYear : 0);
      return Array.from({ length: weeks }, (_, week) =>
        Math.exp(season.strength * Math.cos((2 * Math.PI * (week - peak)) / weeksAYear)),
      );
    }
    case "closings":
      return Array.from({ length: weeks }, (_, week) => ((week + Math.round(13 * turn)) % 13 < 2 ? season.share : 1));
    case "pause": {
      const shifts = Array.from({ length: Math.ceil(weeks / weeksAYear) + 1 }, () => Math.floor(3 * random()) - 1);
      return Array.from({ length: weeks }, (_, week) => {
        const year = Math.floor((week - own) / weeksAYear + 1);
        const into = week - own - (year - 1) * weeksAYear - shifts[year]!;
        return into >= 0 && into < pauseWeeks ? season.share : 1;
      });
    }
  }
}

function drawLevel(weeks: number, random: () => number): number[] {
  let log = levelSd * normal(random);
  return Array.from({ length: weeks }, () => {
    log = levelDecay * log + levelSd * Math.sqrt(1 - levelDecay ** 2) * normal(random);
    return Math.exp(log);
  });
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Marsaglia & Tsang 2000, shape >= 1. */
function gamma(shape: number, random: () => number): number {
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}
