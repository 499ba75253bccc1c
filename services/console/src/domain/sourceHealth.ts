import type { SourceCalendar } from "@keypulse/methods";
import type { SourceNumbers } from "../inputs/sourceNumbers.ts";
import { sayDuration } from "./durations.ts";
import { judgeSilence } from "./sourceSilence.ts";

/**
 * `waiting`: for its secret or its first event. `refused`: much of what it sends can't be used. `quiet`: silent for
 * longer than its own gaps make likely; `broken`: so long that it is taken for an outage, or its settings can't be used.
 */
export const healthWords = ["ok", "quiet", "broken", "refused", "waiting", "paused"] as const;
export type HealthWord = (typeof healthWords)[number];

export interface Health {
  health: HealthWord;
  /** A sentence for people. */
  reason: string;
}

/** Refused for these reasons nothing is wrong with the source. */
export const harmlessReasons: ReadonlySet<string> = new Set(["no_meaning", "test", "paused"]);

/** What is known of the source beside its numbers. */
export interface SourceFacts {
  paused: boolean;
  /** False for files: their end is no silence. */
  goesOn: boolean;
  /** Why its settings can't be used. */
  fault: string | undefined;
  /** What the provider calls the secret that is needed and not there. */
  missingSecret: string | undefined;
}

/** From this share of what arrives on, refusals are the source's trouble rather than the odd one. */
const troublingShare = 0.1;

/** The worst of what is true, in one word. */
export function judgeHealth(
  facts: SourceFacts,
  numbers: SourceNumbers,
  nowMs: number,
  calendar: SourceCalendar,
): Health {
  if (facts.paused)
    return { health: "paused", reason: "Paused: what arrives is kept and can be replayed, not counted." };
  if (facts.fault !== undefined) return { health: "broken", reason: `Its settings can't be used: ${facts.fault}.` };
  if (facts.missingSecret !== undefined) {
    return { health: "waiting", reason: `It is waiting for its secret: the provider's ${facts.missingSecret}.` };
  }
  const { faults, share } = refusedShare(numbers);
  if (share >= troublingShare) {
    const [reason, count] = worstOf(numbers.refused);
    return {
      health: "refused",
      reason: `${percent(share)} of what arrived in 24 hours can't be used (${faults} of ${faults + numbers.events}), most often for the reason ${reason} (${count}).`,
    };
  }
  if (numbers.eventsEver === 0) return { health: "waiting", reason: "It is waiting for its first event." };
  const silence = facts.goesOn ? judgeSilence(numbers, nowMs, calendar) : undefined;
  if (silence !== undefined) return silence;
  const ago = sayDuration(nowMs - (numbers.lastReceivedMs ?? nowMs));
  const some =
    numbers.events === 0
      ? "none in 24 hours, which is usual for it"
      : `${numbers.events} ${numbers.events === 1 ? "event" : "events"} in 24 hours`;
  return { health: "ok", reason: `The last event arrived ${ago} ago; ${some}.` };
}

/** What can't be used through a fault of the source, and its share of all that arrived in 24 hours. */
export function refusedShare({ events, refused }: SourceNumbers): { faults: number; share: number } {
  let faults = 0;
  for (const [reason, count] of Object.entries(refused)) if (!harmlessReasons.has(reason)) faults += count;
  return { faults, share: faults === 0 ? 0 : faults / (faults + events) };
}

const worstOf = (refused: Record<string, number>): [string, number] =>
  Object.entries(refused)
    .filter(([reason]) => !harmlessReasons.has(reason))
    .toSorted(([, left], [, right]) => right - left)[0]!;

const percent = (share: number): string => `${Math.round(share * 100)} %`;
