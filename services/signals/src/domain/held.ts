import type { HeldFinding } from "../outputs/heldFindings.ts";
import type { LastSignal } from "./changes.ts";
import type { Watched } from "./watched.ts";

const isSame = (a: Pick<Watched, "detector" | "channel">, b: Pick<Watched, "detector" | "channel">): boolean =>
  a.detector === b.detector && a.channel === b.channel;

/**
 * What has to be written of findings that wait for a source: those that begin to, and those that no longer do. A finding
 * that is in an open episode does not wait: people know of it.
 *
 * @param waiting what waited at the last look
 */
export function heldChanges(
  clientId: string,
  watched: readonly Watched[],
  last: readonly LastSignal[],
  waiting: readonly HeldFinding[],
  nowMs: number,
): HeldFinding[] {
  const open = last.filter(({ state }) => state === "raised").flatMap(({ findings }) => findings);
  const held = watched.filter(
    (one) => one.finding !== undefined && one.heldBy !== undefined && !open.some((known) => isSame(known, one)),
  );
  const begun = held
    .filter((one) => !waiting.some((known) => isSame(known, one)))
    .map(
      ({ detector, channel, finding, heldBy, moneyAtStake }): HeldFinding => ({
        ...{ clientId, detector, channel, moneyAtStake, sinceMs: nowMs, untilMs: undefined, outcome: "" },
        source: heldBy!,
        headline: finding!.headline,
      }),
    );
  const ended = waiting
    .filter((known) => !held.some((one) => isSame(known, one)))
    .map((known): HeldFinding => {
      const isRaised = watched.some((one) => isSame(known, one) && one.finding !== undefined);
      return { ...known, untilMs: nowMs, outcome: isRaised ? "raised" : "gone" };
    });
  return [...begun, ...ended];
}
