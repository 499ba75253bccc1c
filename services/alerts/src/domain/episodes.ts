import { type Alert, type FindingOfSignal, type Signal, saidSchema } from "@keypulse/contracts";
import { nameUuid } from "@keypulse/identity";
import { sameJson } from "./sameJson.ts";

const dayMs = 86_400_000;

/** What became of a signal. Only the first three make a version. */
export const signalOutcomes = [
  "opened",
  "updated",
  "resolved",
  /** Its version was made before and is told again: whoever made it may have died before telling. */
  "repeated",
  /** Says what the open episode says already. */
  "unchanged",
  /** Older than what is known, or raised for an episode that is over. */
  "outdated",
  /** Cleared, but nothing is open. */
  "nothing_open",
] as const;

export type SignalOutcome = (typeof signalOutcomes)[number];

export interface Decision {
  outcome: SignalOutcome;
  /** The version that was made, or that is told again. */
  version?: Alert;
}

export interface EpisodeSettings {
  /** An episode whose line was crossed longer ago than this when it was found is history, not news. */
  freshDays: number;
}

/** Episodes are of one client and cause: the scope of "one open at a time". */
export const scopeOf = (of: Pick<Signal, "client_id" | "cause">): string => `${of.client_id}:${of.cause}`;

/** The id of an episode that a finding opens: the same for whoever computes it. */
const alertIdOf = (signal: Signal, { detector, channel, crossed_at }: FindingOfSignal): string =>
  nameUuid(`alert:${scopeOf(signal)}:${detector}:${channel}:${crossed_at}`);

/**
 * The order in which signals of one scope count: by time, and at one time the end of an episode before the beginning
 * of the next. What was applied has the same place as the signal that it was made from.
 */
export function compareSignals(one: Signal, other: Signal): number {
  return comparePlaces(placeOfSignal(one), placeOfSignal(other));
}

/** All episodes of one scope, from their versions; `apply` is the one place where versions are made. */
export class EpisodeHistory {
  readonly #latest = new Map<string, Alert>();
  readonly #peak = new Map<string, number>();
  readonly #bySignal = new Map<string, Alert>();
  #newest: Alert | undefined;

  /** @param versions all of one scope, in any order, each at least once. */
  constructor(versions: Iterable<Alert> = []) {
    for (const version of [...versions].sort((one, other) => one.version - other.version)) this.#remember(version);
  }

  /** Decides what a signal means and remembers the version that it makes. Pure but for that memory. */
  apply(signal: Signal, settings: EpisodeSettings): Decision {
    const made = this.#bySignal.get(signal.id);
    if (made) {
      // The same finding found again later is no redelivery: everybody was told.
      return made.updated_at === signal.detected_at ? { outcome: "repeated", version: made } : { outcome: "unchanged" };
    }
    if (this.#newest && comparePlaces(placeOfSignal(signal), placeOfVersion(this.#newest)) <= 0) {
      return { outcome: "outdated" };
    }
    const decision = this.#decide(signal, settings);
    if (decision.version) this.#remember(decision.version);
    return decision;
  }

  /** Most money that was ever at stake in an episode, over its versions up to this one. */
  peakMoney(version: Alert): number {
    return this.#peak.get(`${version.id}:${version.version}`) ?? version.money_at_stake;
  }

  #decide(signal: Signal, settings: EpisodeSettings): Decision {
    const episodes = [...this.#latest.values()];
    const open = episodes.find(({ state }) => state === "open");
    if (signal.state === "cleared") {
      return open ? { outcome: "resolved", version: resolved(open, signal) } : { outcome: "nothing_open" };
    }
    if (open) {
      return changes(open, signal)
        ? { outcome: "updated", version: updated(open, signal, settings) }
        : { outcome: "unchanged" };
    }
    // Nothing is open: only a line that its detector found crossed after those of every known episode begins another.
    const first = signal.findings.find((finding) => !episodes.some((episode) => knows(episode, finding)));
    return first ? { outcome: "opened", version: opened(signal, first, settings) } : { outcome: "outdated" };
  }

  #remember(version: Alert): void {
    const before = this.#latest.get(version.id);
    const peakBefore = before ? this.peakMoney(before) : 0;
    this.#peak.set(`${version.id}:${version.version}`, Math.max(peakBefore, version.money_at_stake));
    this.#latest.set(version.id, version);
    this.#bySignal.set(version.signal_id, version);
    if (!this.#newest || comparePlaces(placeOfVersion(version), placeOfVersion(this.#newest)) > 0)
      this.#newest = version;
  }
}

const knows = ({ findings }: Alert, { detector, channel, crossed_at }: FindingOfSignal): boolean =>
  findings.some((known) => known.detector === detector && known.channel === channel && known.crossed_at >= crossed_at);

/** What a signal says, without whose it is and when. */
const saidBy = (signal: Signal): Said => saidSchema.parse(signal);
type Said = ReturnType<typeof saidSchema.parse>;

const together = (before: Alert["raised_by"], { findings }: Signal): Alert["raised_by"] => [
  ...new Map(
    [...before, ...findings].map((by) => [
      `${by.detector} ${by.channel}`,
      { detector: by.detector, channel: by.channel },
    ]),
  ).values(),
];

/** Times are the signal's, never the clock's: a redo makes the same version. */
function opened(signal: Signal, first: FindingOfSignal, { freshDays }: EpisodeSettings): Alert {
  const { detected_at } = signal;
  return {
    ...saidBy(signal),
    id: alertIdOf(signal, first),
    version: 1,
    state: "open",
    opened_at: detected_at,
    updated_at: detected_at,
    resolved_at: null,
    raised_by: together([], signal),
    announced: isFresh(signal, freshDays),
    signal_id: signal.id,
  };
}

/** The episode keeps its id and its `crossed_at`; history becomes news when a line was crossed lately. */
function updated(open: Alert, signal: Signal, { freshDays }: EpisodeSettings): Alert {
  return {
    ...open,
    ...saidBy(signal),
    version: open.version + 1,
    crossed_at: open.crossed_at,
    updated_at: signal.detected_at,
    raised_by: together(open.raised_by, signal),
    announced: open.announced || isFresh(signal, freshDays),
    signal_id: signal.id,
  };
}

/** Money, likelihood and findings stay those of the open episode: they say what was at stake. */
function resolved(open: Alert, signal: Signal): Alert {
  return {
    ...open,
    version: open.version + 1,
    state: "resolved",
    client_name: signal.client_name,
    updated_at: signal.detected_at,
    resolved_at: signal.detected_at,
    reason: signal.reason,
    evidence: signal.evidence,
    signal_id: signal.id,
  };
}

const isFresh = ({ findings, detected_at }: Signal, freshDays: number): boolean =>
  findings.some(({ crossed_at }) => Date.parse(detected_at) - Date.parse(crossed_at) <= freshDays * dayMs);

/** A new likelihood alone is no news: it is a number of the evidence. */
function changes(open: Alert, signal: Signal): boolean {
  const shown = ({ reason, money_at_stake, currency, evidence, findings }: Said) => ({
    ...{ reason, money_at_stake, currency, evidence },
    findings: findings.map(({ likelihood: _likelihood, crossed_at: _crossedAt, ...finding }) => finding),
  });
  return !sameJson(shown(open), shown(signal));
}

interface Place {
  at: string;
  begins: boolean;
  signalId: string;
}

const placeOfSignal = ({ detected_at, state, id }: Signal): Place => ({
  at: detected_at,
  begins: state === "raised",
  signalId: id,
});

const placeOfVersion = ({ updated_at, state, signal_id }: Alert): Place => ({
  at: updated_at,
  begins: state === "open",
  signalId: signal_id,
});

/** Times are ISO texts of one form, so their order is that of the texts. */
function comparePlaces(one: Place, other: Place): number {
  if (one.at !== other.at) return one.at < other.at ? -1 : 1;
  if (one.begins !== other.begins) return one.begins ? 1 : -1;
  return one.signalId < other.signalId ? -1 : one.signalId > other.signalId ? 1 : 0;
}
