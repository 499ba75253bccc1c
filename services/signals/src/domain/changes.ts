import type { Channel, Detector, Evidence, Signal } from "@keypulse/contracts";
import { nameUuid } from "@keypulse/identity";
import type { Finding } from "./detect.ts";

/** The newest stored signal of a client, detector and channel. */
export interface LastSignal {
  clientName: string;
  detector: Detector;
  channel: Channel;
  state: "raised" | "cleared";
  crossedAtMs: number;
  detectedAtMs: number;
  evidence: Evidence;
  moneyAtStake: number;
}

/** How long an open episode may stay without news of it: its numbers move on. */
const newsEveryMs = 7 * 86_400_000;

export interface SignalFrame {
  clientId: string;
  clientName: string;
  currency: string;
  detectedAtMs: number;
}

/**
 * What has to be said: raised where something is new or a week old, cleared where something ended. Ids are a pure
 * function of what is said, so that saying it twice is saying it once.
 */
export function signalsOf(findings: readonly Finding[], last: readonly LastSignal[], frame: SignalFrame): Signal[] {
  return findings.flatMap((finding) => {
    const before = last.find(({ detector, channel }) => detector === finding.detector && channel === finding.channel);
    const signal = changeOf(finding, before, frame);
    return signal === undefined ? [] : [signal];
  });
}

/** What has to be said of a client whose records belong to another one now: its open episodes end. */
export function signalsOfGone(last: readonly LastSignal[], frame: Omit<SignalFrame, "clientName">): Signal[] {
  return last
    .filter(({ state }) => state === "raised")
    .map(({ clientName, detector, channel, crossedAtMs, evidence, moneyAtStake }) => ({
      id: nameUuid(`signal:${frame.clientId}:${detector}:${channel}:gone:${crossedAtMs}`),
      client_id: frame.clientId,
      client_name: clientName,
      detector,
      channel,
      state: "cleared",
      crossed_at: new Date(crossedAtMs).toISOString(),
      detected_at: new Date(frame.detectedAtMs).toISOString(),
      reason: "Its records belong to another client now; what matters is found there.",
      evidence,
      money_at_stake: moneyAtStake,
      currency: frame.currency,
      likelihood: null,
    }));
}

/** Whether `signalsOf` would say something; lets the caller load names for few. */
export function isNews(finding: Finding, before: LastSignal | undefined, detectedAtMs: number): boolean {
  const isOpen = before?.state === "raised";
  if (finding.state === "clear") return isOpen;
  if (!isOpen) return finding.heldBy === undefined;
  return detectedAtMs - before.detectedAtMs >= newsEveryMs && finding.heldBy === undefined;
}

function changeOf(finding: Finding, before: LastSignal | undefined, frame: SignalFrame): Signal | undefined {
  if (!isNews(finding, before, frame.detectedAtMs)) return undefined;
  const { detector, channel } = finding;
  const state = finding.state === "raised" ? "raised" : "cleared";
  // An open episode keeps the time at which it began, even where later data would move the crossing by a little.
  const crossedAtMs = before?.state === "raised" ? before.crossedAtMs : finding.crossedAtMs!;
  const week = state === "raised" ? Math.floor(frame.detectedAtMs / newsEveryMs) : 0;
  return {
    id: nameUuid(`signal:${frame.clientId}:${detector}:${channel}:${state}:${crossedAtMs}:${week}`),
    client_id: frame.clientId,
    client_name: frame.clientName,
    detector,
    channel,
    state,
    crossed_at: new Date(crossedAtMs).toISOString(),
    detected_at: new Date(frame.detectedAtMs).toISOString(),
    reason: finding.reason,
    evidence: finding.evidence ?? before!.evidence,
    money_at_stake: state === "raised" ? finding.moneyAtStake : before!.moneyAtStake,
    currency: frame.currency,
    likelihood: finding.likelihood ?? null,
  };
}
