import type { EventType, Identifiers } from "@keypulse/contracts";
import type { MappedEvent } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import type { Fields } from "../members.ts";
import type { AmountOptions } from "./amountCells.ts";
import type { CellOptions } from "./cells.ts";
import type { Row } from "./row.ts";

/** What a caller says of a file beyond what stands in it. */
export interface ReadOptions {
  /** IANA name of the zone of times that come without one; the format's own where it is absent. */
  timeZone?: string;
  /** ISO 4217, for files that name no currency. */
  currency?: string;
  /** Goes before order numbers that are unique in one shop only. */
  shop?: string;
  /** WHATWG label, such as windows-1252; UTF-8 or the file's own mark where it is absent. */
  encoding?: string;
  /** Found out from the header where it is absent. */
  delimiter?: string;
  /** Whether amounts have a decimal comma; where it is absent, only what can't be mistaken is read. */
  decimalComma?: boolean;
}

/** How rows of a table make events of orders. */
export interface OrderFormat {
  /**
   * What rows of one order have in common; empty where a row goes on with the order before.
   * @throws ElementFault where the cell can't be used
   */
  groupOf(row: Row): string;
  /**
   * All that the rows of one order say; no events where they are no order.
   * @throws ElementFault
   */
  readOrder(rows: readonly [Row, ...Row[]]): OrderRead;
}

/** What the rows of one order say. */
export interface OrderRead {
  events: MappedEvent[];
  /** What doesn't add up, in words; the order is taken all the same. */
  doubts?: readonly string[];
}

/** A table that is known by its header. */
export interface KnownTable {
  /** What people call it. */
  title: string;
  /** Columns that must be there, each by one of its names. */
  needed: readonly (readonly string[])[];
  /** Why it can't be imported, and what to do instead. */
  refused?: string;
  create(options: ReadOptions): OrderFormat;
}

/** One step of an order; the id is the one that the shop's own messages would make, so that a step counts once. */
export function orderStep(
  key: string,
  step: string,
  type: EventType,
  at: string,
  identifiers: Identifiers,
  properties: Fields,
): MappedEvent {
  return {
    id: eventId(key, step),
    type,
    occurred_at: at,
    identifiers,
    properties: present(properties),
  };
}

export function cellOptions(options: ReadOptions, timeZone: string, timeFormat?: string): CellOptions & AmountOptions {
  return { timeZone: options.timeZone ?? timeZone, timeFormat, decimalComma: options.decimalComma };
}

/** The latest of times in UTC, as ISO 8601. */
export const latest = (first: string, ...others: (string | undefined)[]): string =>
  others.reduce<string>((last, time) => (time !== undefined && time > last ? time : last), first);

/** An empty cell is an absent member. */
export const given = (cell: string): string | undefined => (cell === "" ? undefined : cell);
