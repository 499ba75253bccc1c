import type { Signal } from "@keypulse/contracts";
import { pipelineLagFinding } from "@keypulse/methods";
import { changesOf } from "../domain/changes.ts";
import { aboutOwn, idOfOwn } from "../domain/ownSignals.ts";
import type { Watched } from "../domain/watched.ts";
import type { SignalLog } from "../outputs/signalLog.ts";

const name = "ingest";

export interface LagSettings {
  /** When this worker began to look. */
  readonly startedMs: number;
  /** So far behind, alerts about clients are held back. */
  readonly heldAfterMs: number;
  /** So far behind, people are told. */
  readonly toldAfterMs: number;
}

/** Tells that events are stored late, so that nobody takes held alerts for good news; and that it has caught up. */
export function createWatchLag(signalLog: SignalLog, settings: LagSettings, currency: string) {
  /** What was told last; undefined until it was looked up, so that a restart tells nothing twice. */
  let isTold: boolean | undefined;

  /** @param completeUntilMs all that arrived until then is stored; 0 while that is not known */
  return async (completeUntilMs: number, waiting: number, nowMs: number): Promise<Signal[]> => {
    const isKnown = completeUntilMs > 0;
    const sinceMs = isKnown ? completeUntilMs : settings.startedMs;
    const behindMs = nowMs - sinceMs;
    // A worker that has just begun must not take a pipeline for caught up that another one told of.
    if (!isKnown && behindMs < settings.toldAfterMs) return [];
    // Between the two it stays what it is: a pipeline that catches up by and by is one event.
    if (isTold === undefined && behindMs > settings.heldAfterMs && behindMs < settings.toldAfterMs) return [];
    const isBehind = behindMs >= settings.toldAfterMs || (isTold === true && behindMs > settings.heldAfterMs);
    if (isBehind === isTold) return [];
    const watched: Watched = {
      ...{ detector: "pipeline_lag", channel: "pipeline", monitored: true, moneyAtStake: 0 },
      finding: isBehind
        ? pipelineLagFinding({ sinceMs, isKnown, waiting, toldAfterMs: settings.toldAfterMs }, nowMs)
        : undefined,
      crossedAtMs: isBehind ? sinceMs + settings.toldAfterMs : undefined,
      endReason: "All that arrives is stored at once again.",
      ...{ likelihood: undefined, heldBy: undefined },
    };
    const id = idOfOwn("pipeline", name);
    const last = await signalLog.last([id]);
    const signals = changesOf(id, [watched], last.get(id) ?? [], nowMs).map((change) =>
      aboutOwn(change, "pipeline", name, currency),
    );
    await signalLog.write(signals);
    isTold = isBehind;
    return signals;
  };
}
