import { addDecimals, type ReadOrder } from "@keypulse/connectors/files";
import { decimalSchema, type EventType, occurredAtProblem, revenueSign } from "@keypulse/contracts";
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
  for (const { type, occurred_at, properties } of taken.events) {
    const atMs = Date.parse(occurred_at);
    // Sent all the same: ingest decides by its own clock, and keeps what it refuses.
    const problem = occurredAtProblem(occurred_at, atMs, nowMs);
    if (problem !== undefined) {
      refuse(tally, "bad_time", order.line, problem);
      continue;
    }
    tally.events += 1;
    tally.byType[type] = (tally.byType[type] ?? 0) + 1;
    tally.firstMs = Math.min(tally.firstMs ?? atMs, atMs);
    tally.lastMs = Math.max(tally.lastMs ?? atMs, atMs);
    const sign = revenueSign[type];
    if (sign !== undefined) addMoney(tally, String(properties.currency), decimalSchema.parse(properties.amount), sign);
  }
}

function refuse(tally: Tally, reason: string, line: number, detail: string): void {
  tally.refused[reason] ??= { count: 0, examples: [] };
  const refusals = tally.refused[reason];
  refusals.count += 1;
  if (refusals.examples.length < mostExamples) refusals.examples.push({ line, detail });
}

function addMoney(tally: Tally, currency: string, amount: string, sign: 1 | -1): void {
  tally.money[currency] ??= { placed: "0.00", takenBack: "0.00" };
  const money = tally.money[currency];
  if (sign === 1) money.placed = addDecimals(money.placed, amount);
  else money.takenBack = addDecimals(money.takenBack, amount);
}

function linesIn(raw: string): number {
  let lines = 1;
  for (let at = raw.indexOf("\n"); at >= 0; at = raw.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
