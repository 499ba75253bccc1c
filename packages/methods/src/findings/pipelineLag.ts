import type { Finding } from "./finding.ts";
import { counted, number } from "./say.ts";

const msAMinute = 60_000;

/** How far storing is behind what has arrived. */
export interface PipelineLag {
  /** All that arrived until then is stored, where that is known; else when it was first looked at. */
  readonly sinceMs: number;
  readonly isKnown: boolean;
  /** Events that arrived and are not stored. */
  readonly waiting: number;
  /** How late is told. */
  readonly toldAfterMs: number;
}

/** That events are stored late, as a finding: it concerns the pipeline, and holds alerts about all clients back. */
export function pipelineLagFinding({ sinceMs, isKnown, waiting, toldAfterMs }: PipelineLag, nowMs: number): Finding {
  const minutes = (nowMs - sinceMs) / msAMinute;
  const behind = minutes < 120 ? counted(minutes, "minute") : counted(minutes / 60, "hour");
  return {
    model: { name: "pipeline_lag", version: 1 },
    cause: "pipeline_behind",
    direction: "worse",
    expected: toldAfterMs / msAMinute,
    observed: minutes,
    unit: "minutes until an event is stored, at most",
    window: { fromMs: sinceMs, toMs: nowMs },
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: [],
    values: { events_waiting: waiting },
    headline: `storing is ${behind} behind`,
    text:
      `Storing is ${isKnown ? "" : "at least "}${behind} behind: ` +
      `${isKnown ? `what arrived until ${new Date(sinceMs).toISOString().slice(0, 16).replace("T", " ")} UTC is stored, ` : ""}` +
      `${number(waiting)} ${isKnown ? "newer " : ""}${waiting === 1 ? "event waits" : "events wait"}. Alerts about clients wait until it has caught up.`,
  };
}
