import { checkFinite, type Finding } from "./finding.ts";
import { counted, date, daysBetween } from "./say.ts";

/** A client that was lost, and what came after. */
export interface LostClient {
  /** Since when it is lost: by our criterion, or because it was said. */
  readonly lostMs: number;
  /** Last event before that. */
  readonly lastActiveMs: number;
  /** Of any activity that counts (orders, mail of theirs, calls), any order. */
  readonly activityMs: readonly number[];
}

/** A client that was lost is active again. A fact. @param noun "order", "sign of life" */
export function detectReturn(client: LostClient, noun: string, nowMs: number): Finding | null {
  checkFinite({ lostMs: client.lostMs, lastActiveMs: client.lastActiveMs, nowMs });
  const since = client.activityMs.filter((atMs) => atMs > client.lostMs && atMs <= nowMs);
  if (since.length === 0) return null;
  const firstMs = since.reduce((first, atMs) => Math.min(first, atMs));
  const awayDays = daysBetween(client.lastActiveMs, firstMs);
  return {
    model: { name: "return", version: 1 },
    cause: "back",
    direction: "better",
    expected: 0,
    observed: since.length,
    unit: `${noun}s since they were lost`,
    window: { fromMs: firstMs, toMs: nowMs },
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: [],
    values: { away_days: awayDays },
    headline: `back after ${counted(Math.round(awayDays), "day")}`,
    text: `Back after ${counted(Math.round(awayDays), "day")}: ${counted(since.length, noun)} since ${date(firstMs)}, the first after they were lost on ${date(client.lostMs)}.`,
  };
}
