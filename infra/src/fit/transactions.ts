import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { columnsOf, decodeText, delimiterOf, UnreadableFile } from "@keypulse/connectors/files";
import { parse } from "csv-parse";
import { dayOf } from "./day.ts";
import { FitError } from "./fitError.ts";
import type { ColumnNames } from "./options.ts";

/** One client's purchases in the file's order. */
export interface Purchases {
  readonly days: number[];
  /** As many as days, or none where the file has no amounts. */
  readonly amounts: number[];
  /** As the client's last row says. */
  segment: string;
}

export interface Transactions {
  /** In the order of their first row. */
  readonly clients: ReadonlyMap<string, Purchases>;
  readonly hasAmounts: boolean;
  /** Rows under the header. */
  readonly rows: number;
  /** Rows with an amount below zero: money that went back, no purchase. */
  readonly returns: number;
  readonly refused: { readonly count: number; readonly examples: readonly string[] };
  readonly firstDay: number;
  readonly lastDay: number;
}

export interface ReadingOptions {
  readonly columns: ColumnNames;
  readonly segment?: string | undefined;
  readonly encoding?: string | undefined;
}

const examplesKept = 5;
/** No row is longer; a quote that is never closed would take in the rest of the file. */
const longestRecord = 1_000_000;

/**
 * Reads a list of purchases of any length; kept are days and amounts by client. A row that can't be used is counted, the
 * first of them told with line and column.
 *
 * @throws FitError where the header lacks a column or no row can be used
 * @throws UnreadableFile where the file is no such text
 */
export async function readTransactions(
  bytes: AsyncIterable<Uint8Array>,
  { columns, segment, encoding }: ReadingOptions,
): Promise<Transactions> {
  const text = decodeText(bytes, encoding);
  const { header, whole } = await peekHeader(text);
  const delimiter = delimiterOf(header);
  const at = findColumns(columnsOf(header, delimiter), columns, segment);
  const clients = new Map<string, Purchases>();
  const examples: string[] = [];
  let [rows, returns, refused] = [0, 0, 0];
  let [firstDay, lastDay] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  /** Takes a row in, or says what is wrong with it. */
  const take = (cells: readonly string[]): string | undefined => {
    if (cells.length > at.count) return `column ${at.count + 1}: the header has ${at.count} columns only`;
    const client = cells[at.client]?.trim() ?? "";
    if (client === "") return `column ${at.client + 1} (${columns.client}): is empty`;
    const time = cells[at.time]?.trim() ?? "";
    const day = dayOf(time);
    if (day === undefined) return `column ${at.time + 1} (${columns.time}): ${notTime(time)}`;
    let amount = 0;
    if (at.amount !== undefined) {
      const cell = cells[at.amount]?.trim() ?? "";
      const found = amountOf(cell, delimiter);
      if (found === undefined) return `column ${at.amount + 1} (${columns.amount}): ${notAmount(cell)}`;
      amount = found;
    }
    if (amount < 0) {
      returns++;
      return undefined;
    }
    let purchases = clients.get(client);
    if (purchases === undefined) {
      purchases = { days: [], amounts: [], segment: "" };
      clients.set(client, purchases);
    }
    purchases.days.push(day);
    if (at.amount !== undefined) purchases.amounts.push(amount);
    if (at.segment !== undefined) purchases.segment = cells[at.segment]?.trim() ?? "";
    if (day < firstDay) firstDay = day;
    if (day > lastDay) lastDay = day;
    return undefined;
  };

  let headerSeen = false;
  const parser = parse({
    delimiter,
    record_delimiter: "\n",
    skip_empty_lines: true,
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: longestRecord,
    // Taken here and given back as nothing: no row goes on to a reader, which makes it three times as fast.
    on_record: (cells: string[], { lines }) => {
      if (!headerSeen) {
        headerSeen = true;
        return null;
      }
      rows++;
      const fault = take(cells);
      if (fault !== undefined && ++refused <= examplesKept) examples.push(`line ${lines}, ${fault}`);
      return null;
    },
  });
  try {
    await pipeline(Readable.from(whole), parser, async (none) => {
      for await (const _ of none);
    });
  } catch (error) {
    throw unreadable(error);
  }
  if (clients.size === 0) {
    const why = rows === 0 ? "there is no row under the header" : `of ${rows} rows none can be used`;
    throw new FitError([`${why[0]!.toUpperCase()}${why.slice(1)}.`, ...examples].join("\n  "));
  }
  return {
    clients,
    hasAmounts: at.amount !== undefined,
    rows,
    returns,
    refused: { count: refused, examples },
    firstDay,
    lastDay,
  };
}

function unreadable(error: unknown): unknown {
  const { code, lines } = error as { code?: string; lines?: number };
  if (code === "CSV_QUOTE_NOT_CLOSED" || code === "CSV_MAX_RECORD_SIZE") {
    return new UnreadableFile(`a quote opens and is never closed; it was noticed in line ${lines}`);
  }
  return error;
}

/** The first line that isn't empty, and the whole text with it. */
async function peekHeader(text: AsyncGenerator<string>): Promise<{ header: string; whole: AsyncIterable<string> }> {
  let head = "";
  let ended = false;
  while (!ended && !/\S[^\n]*\n/.test(head) && head.length < longestRecord) {
    const { value, done } = await text.next();
    if (done) ended = true;
    else head += value;
  }
  const header = /\S[^\n]*/.exec(head)?.[0] ?? "";
  if (header === "") throw new UnreadableFile("the file is empty");
  async function* whole(): AsyncGenerator<string> {
    yield head;
    if (!ended) yield* text;
  }
  return { header, whole: whole() };
}

function findColumns(found: readonly string[], names: ColumnNames, segment: string | undefined) {
  const keys = found.map((name) => name.toLowerCase());
  const indexOf = (name: string): number | undefined => {
    const index = keys.indexOf(name.trim().toLowerCase());
    return index === -1 ? undefined : index;
  };
  const needed = (name: string): number => {
    const index = indexOf(name);
    if (index !== undefined) return index;
    throw new FitError(
      `The header has no column "${name}" but ${found.map((each) => `"${each}"`).join(", ")}. Say which is which, such as --columns client=${found[0]},time=${found[1] ?? "Date"}.`,
    );
  };
  const amount = names.amount === "amount" ? indexOf("amount") : needed(names.amount);
  return {
    count: found.length,
    client: needed(names.client),
    time: needed(names.time),
    amount,
    segment: segment === undefined ? undefined : needed(segment),
  };
}

/** A number with a decimal point, or a comma where that can't be the delimiter. */
function amountOf(cell: string, delimiter: string): number | undefined {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(cell)) return Number(cell);
  if (delimiter !== "," && /^[+-]?\d+,\d+$/.test(cell)) return Number(cell.replace(",", "."));
  return undefined;
}

const shown = (cell: string): string => `"${cell.slice(0, 40)}"`;
const notTime = (cell: string): string =>
  cell === "" ? "is empty" : `${shown(cell)} is no ISO 8601 time such as 2026-01-31 or 2026-01-31T09:30:00Z`;
const notAmount = (cell: string): string => (cell === "" ? "is empty" : `${shown(cell)} is no number such as 1234.50`);
