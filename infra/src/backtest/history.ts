import type { Calendar, EventDays, OpenInterval, OrderAmount } from "@keypulse/methods";

/** A backtest can't be run on this; the message says what to do and is shown without a stack. */
export class BacktestError extends Error {
  override readonly name = "BacktestError";
}

/** All that a backtest reads, wherever it comes from. */
export interface BacktestHistory {
  /** Named as people know it: a file, or the warehouse. */
  readonly origin: string;
  readonly calendar: Calendar;
  readonly timeZone: string;
  readonly events: number;
  /** Rows that were left out, and why; told to people. */
  readonly notes: readonly string[];
  /** By channel; a channel that would repeat another is left out. */
  readonly channels: readonly { readonly name: "orders" | "all"; readonly clients: readonly EventDays[] }[];
  /** Epoch hours with events by source, ascending. */
  readonly sourceHours: ReadonlyMap<string, readonly number[]>;
  /** By client; empty where amounts are unknown. */
  readonly revenue: ReadonlyMap<string, readonly OrderAmount[]>;
  /** Times for which clients are known to be away. */
  readonly absences?: ReadonlyMap<string, readonly OpenInterval[]>;
  /** Up to when all is known. */
  readonly untilMs: number;
}
