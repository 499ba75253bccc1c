import type { Cause, Channel, Detector, Evidence, FindingOfSignal, Signal } from "@keypulse/contracts";
import { nameUuid } from "@keypulse/identity";
import { adviceOn, causeOf, findingOfSignal } from "./sayFinding.ts";
import type { Watched } from "./watched.ts";

/** The newest stored signal of a client and cause. */
export interface LastSignal {
  clientName: string;
  cause: Cause;
  direction: Signal["direction"];
  state: Signal["state"];
  detector: Detector;
  channel: Channel;
  crossedAtMs: number;
  detectedAtMs: number;
  headline: string;
  evidence: Evidence;
  moneyAtStake: number;
  findings: FindingOfSignal[];
}

/** A signal but for what is looked up for few: whom it is about. */
export type Change = Omit<Signal, "subject" | "client_id" | "client_name" | "currency">;

/** How long an open episode may stay without news of it: its numbers move on. */
const newsEveryMs = 7 * 86_400_000;
/** What is at stake is counted over a year. */
const horizonDays = 365;

type Raised = Watched & { finding: NonNullable<Watched["finding"]>; crossedAtMs: number };
type Named = Pick<Watched, "detector" | "channel">;

const keyOf = ({ detector, channel }: Named): string => `${detector} ${channel}`;
const isRaised = (one: Watched): one is Raised => one.finding !== undefined && one.crossedAtMs !== undefined;

/**
 * What has to be said of a client: findings with one cause are one signal. Raised where a cause is new, where detectors
 * joined or left it, or where it is a week old; cleared where its last finding ended. Ids are a pure function of what is
 * said, so that saying it twice is saying it once.
 */
export function changesOf(
  clientId: string,
  watched: readonly Watched[],
  last: readonly LastSignal[],
  detectedAtMs: number,
): Change[] {
  const open = last.filter(({ state }) => state === "raised");
  /** A finding stays in the episode that it is in, whatever it says now of its cause. */
  const causeNow = (one: Raised): Cause =>
    open.find(({ findings }) => findings.some((known) => keyOf(known) === keyOf(one)))?.cause ?? causeOf(one.finding);
  const byCause = Map.groupBy(watched.filter(isRaised), causeNow);
  const causes = new Set([...byCause.keys(), ...open.map(({ cause }) => cause)]);
  return [...causes].flatMap((cause) => {
    const before = open.find((one) => one.cause === cause);
    const known = new Map(before?.findings.map((finding) => [keyOf(finding), finding]));
    // A suspect source keeps findings out of an episode; it does not take out those that are in.
    const raised = (byCause.get(cause) ?? []).filter((one) => one.heldBy === undefined || known.has(keyOf(one)));
    const isOver = (one: Watched): boolean => known.has(keyOf(one)) && !isRaised(one) && one.endReason !== "";
    const over = [...new Set(watched.filter(isOver).map(({ endReason }) => endReason))];
    const change =
      raised.length > 0
        ? raisedChange(cause, raised, before, known, over, detectedAtMs)
        : before && ended(before, over[0] ?? "No longer seen.", detectedAtMs);
    if (change === undefined) return [];
    const { state, crossed_at, findings } = change;
    // Detectors may leave and join again: what was said before tells one such signal from the other.
    const what = [state, Date.parse(crossed_at), before?.detectedAtMs ?? 0, ...findings.map(keyOf).sort()];
    return [{ ...change, id: nameUuid(`signal:${clientId}:${cause}:${what.join(":")}`) }];
  });
}

/** What has to be said of a client whose records belong to another one now: its open episodes end. */
export function changesOfGone(clientId: string, last: readonly LastSignal[], detectedAtMs: number): Change[] {
  return last
    .filter(({ state }) => state === "raised")
    .map((before) => ({
      ...ended(before, "Its records belong to another client now; what matters is found there.", detectedAtMs),
      id: nameUuid(`signal:${clientId}:${before.cause}:gone:${before.crossedAtMs}`),
    }));
}

function raisedChange(
  cause: Cause,
  raised: readonly Raised[],
  before: LastSignal | undefined,
  known: ReadonlyMap<string, FindingOfSignal>,
  over: readonly string[],
  detectedAtMs: number,
): Omit<Change, "id"> | undefined {
  if (before !== undefined) {
    const isSame = raised.length === known.size && raised.every((one) => known.has(keyOf(one)));
    const isOld =
      detectedAtMs - before.detectedAtMs >= newsEveryMs && raised.every(({ heldBy }) => heldBy === undefined);
    if (isSame && !isOld) return undefined;
  }
  const leads = (one: Raised): number => Number(before !== undefined && keyOf(one) === keyOf(before));
  /** What is said of all activity says less than the same said of a part of it. */
  const isBroad = (one: Raised): number => Number(one.channel === "all");
  const ordered = raised.toSorted(
    (a, b) =>
      leads(b) - leads(a) ||
      b.moneyAtStake - a.moneyAtStake ||
      isBroad(a) - isBroad(b) ||
      a.crossedAtMs - b.crossedAtMs,
  );
  // A finding that is in the episode keeps the time at which it began, even where later data would move it by a little.
  const findings = ordered.map((one) => findingOfSignal(one, known.get(keyOf(one))?.crossed_at));
  const [first, ...others] = findings as [FindingOfSignal, ...FindingOfSignal[]];
  const likelihoods = findings.flatMap(({ likelihood }) => likelihood ?? []);
  const { direction } = ordered[0]!.finding;
  return {
    state: "raised",
    detected_at: new Date(detectedAtMs).toISOString(),
    cause,
    direction,
    detector: first.detector,
    channel: first.channel,
    crossed_at: before === undefined ? first.crossed_at : new Date(before.crossedAtMs).toISOString(),
    headline: first.headline,
    reason: [
      ...over,
      first.reason,
      ...(others.length === 0 ? [] : [`Also: ${others.map((one) => one.headline).join("; ")}.`]),
    ].join(" "),
    advice: adviceOn(cause, direction),
    evidence: first.evidence,
    money_at_stake: Math.max(...findings.map((one) => one.money_at_stake)),
    horizon_days: horizonDays,
    likelihood: likelihoods.length === 0 ? null : Math.max(...likelihoods),
    findings,
  };
}

function ended(before: LastSignal, reason: string, detectedAtMs: number): Omit<Change, "id"> {
  return {
    state: "cleared",
    detected_at: new Date(detectedAtMs).toISOString(),
    cause: before.cause,
    direction: before.direction,
    detector: before.detector,
    channel: before.channel,
    crossed_at: new Date(before.crossedAtMs).toISOString(),
    headline: before.headline,
    reason,
    advice: "",
    evidence: before.evidence,
    money_at_stake: before.moneyAtStake,
    horizon_days: horizonDays,
    likelihood: null,
    findings: before.findings,
  };
}
