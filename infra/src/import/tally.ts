import { addDecimals, type ReadOrder } from "@keypulse/connectors/files";
import { type EventType, occurredAtProblem } from "@keypulse/contracts";
import { moneyOf } from "./moneyOf.ts";
import type { TakenOrder } from "./takeOrder.ts";

/** What was read so far. Plain values, so that it is kept with the progress and goes on after a break. */
export interface Tally {
  /** Lines of the file that hold something, the header too. */
  lines: number;
  /** Orders, and rows that belong to none. */
  orders: number;
  /** Orders that say nothing of ours, such as failed payments. */
  unused: number;
  events: number;
  byType: Partial<Record<EventType, number>>;
  refused: Record<string, Refusals>;
  /** Orders that were taken, though they don't add up. */
  doubtful: Refusals;
  /** By currency; decimals. */
  money: Record<string, { placed: string; takenBack: string }>;
  firstMs: number | null;
  lastMs: number | null;
}

export interface Refusals {
  /** Orders or rows; of `bad_time`, events. */
  count: number;
  /** The first of them. */
  examples: { line: number; detail: string }[];
}

const mostExamples = 5;

export const emptyTally = (headerLines: number): Tally => ({
  lines: headerLines,
  orders: 0,
  unused: 0,
  events: 0,
  byType: {},
  refused: {},
  doubtful: { count: 0, examples: [] },
  money: {},
  firstMs: null,
  lastMs: null,
});

export const countRefused = (tally: Tally): number =>
  Object.values(tally.refused).reduce((sum, { count }) => sum + count, 0);

/** Adds an order and what became of it. */
export function addToTally(tally: Tally, order: ReadOrder, taken: TakenOrder, nowMs: number): void {
  tally.orders += 1;
  tally.lines += linesIn(order.raw);
  if (taken.refused !== undefined) refuse(tally, taken.refused.reason, order.line, taken.refused.detail);
  else if (taken.events.length === 0) tally.unused += 1;
  else {
    for (const doubt of "doubts" in order ? (order.doubts ?? []) : []) addExample(tally.doubtful, order.line, doubt);
  }
  const stored = taken.events.filter(({ occurred_at }) => {
    const atMs = Date.parse(occurred_at);
    // Sent all the same: ingest decides by its own clock, and keeps what it refuses.
    const problem = occurredAtProblem(occurred_at, atMs, nowMs);
    if (problem !== undefined) refuse(tally, "bad_time", order.line, problem);
    return problem === undefined;
  });
  for (const { type, occurred_at } of stored) {
    const atMs = Date.parse(occurred_at);
    tally.events += 1;
    tally.byType[type] = (tally.byType[type] ?? 0) + 1;
    tally.firstMs = Math.min(tally.firstMs ?? atMs, atMs);
    tally.lastMs = Math.max(tally.lastMs ?? atMs, atMs);
  }
  const money = moneyOf(stored);
  if (money === undefined) return;
  const sums = tally.money[money.currency] ?? { placed: "0.00", takenBack: "0.00" };
  tally.money[money.currency] = {
    placed: addDecimals(sums.placed, money.placed),
    takenBack: addDecimals(sums.takenBack, money.takenBack),
  };
}

function refuse(tally: Tally, reason: string, line: number, detail: string): void {
  tally.refused[reason] ??= { count: 0, examples: [] };
  addExample(tally.refused[reason], line, detail);
}

function addExample(to: Refusals, line: number, detail: string): void {
  to.count += 1;
  if (to.examples.length < mostExamples) to.examples.push({ line, detail });
}

function linesIn(raw: string): number {
  let lines = 1;
  for (let at = raw.indexOf("\n"); at >= 0; at = raw.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
