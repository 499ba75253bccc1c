import { MalformedBody } from "../connector.ts";
import { takeContractEvent } from "../contractEvent.ts";
import { parseJson } from "../json.ts";
import { ElementFault } from "../members.ts";
import { readCsv } from "./csv.ts";
import { type Group, groupRows } from "./groups.ts";
import { knownTables, recogniseFile, type TableName } from "./knownTables.ts";
import { type FileMapping, mappedFormat, missingColumns } from "./mapping.ts";
import { jsonRow, readLines } from "./ndjson.ts";
import type { OrderFormat, OrderRead, ReadOptions } from "./orderFormat.ts";
import type { BrokenRow, Row } from "./row.ts";
import { decodeText, type FileBytes, UnreadableFile } from "./text.ts";

/**
 * An order, or a row that belongs to none, and what became of it. `raw` has its rows as they stand in the file; `events`
 * is empty where they say nothing of ours, such as a payment that failed.
 */
export type ReadOrder = { line: number; raw: string } & (OrderRead | { fault: string });

/** "auto" is what the header says. */
export type FileFormat = "auto" | "ndjson" | TableName | FileMapping;

/**
 * Reads an order history of any length, one order after the other. Ids come of the file alone, so that a second import
 * changes nothing. Whether events keep the contract is checked by whoever takes them.
 * @throws UnreadableFile where the file as a whole can't be read
 */
export async function* readOrders(
  bytes: FileBytes,
  format: FileFormat = "auto",
  options: ReadOptions = {},
): AsyncGenerator<ReadOrder> {
  const mapping = typeof format === "object" ? format : undefined;
  const text = decodeText(bytes, options.encoding ?? mapping?.encoding);
  const { firstLine, all } = await peekFirstLine(text);
  const found = recogniseFile(firstLine);
  const name = format === "auto" ? found.format : format;
  if (name === undefined) {
    throw new UnreadableFile("the header is none that is known: describe the columns by a mapping");
  }
  if (typeof name === "string" && name !== found.format) {
    throw new UnreadableFile(`the header is not that of ${name}`);
  }
  if (name === "ndjson") {
    yield* readContractEvents(all);
    return;
  }
  let rows: AsyncIterable<Row | BrokenRow>;
  if (found.format === "ndjson") {
    if (mapping === undefined) throw new UnreadableFile("the file has JSON lines, not a table");
    rows = jsonRows(all);
  } else {
    const missing = mapping === undefined ? [] : missingColumns(mapping, found.columns);
    if (missing.length > 0)
      throw new UnreadableFile(`the mapping names columns that the file lacks: ${missing.join(", ")}`);
    rows = readCsv(all, options.delimiter ?? mapping?.delimiter ?? found.delimiter);
  }
  // JSON's own numbers have a point, and group nothing.
  const own = found.format === "ndjson" ? { plainPoint: true } : {};
  const order = typeof name === "object" ? mappedFormat(name, options, own) : knownTables[name].create(options);
  yield* readTable(rows, order);
}

async function* readTable(rows: AsyncIterable<Row | BrokenRow>, format: OrderFormat): AsyncGenerator<ReadOrder> {
  for await (const group of groupRows(rows, format.groupOf)) yield "fault" in group ? group : orderOf(group, format);
}

function orderOf(group: Group, format: OrderFormat): ReadOrder {
  const { line } = group[0];
  const raw = group.map((row) => row.raw).join("\n");
  try {
    return { line, raw, ...format.readOrder(group) };
  } catch (error) {
    if (!(error instanceof ElementFault)) throw error;
    return { line, raw, fault: error.message };
  }
}

/** Lines that are events of the contract already. */
async function* readContractEvents(text: AsyncIterable<string>): AsyncGenerator<ReadOrder> {
  for await (const { line, raw } of readLines(text)) {
    const outcome = outcomeOf(raw);
    if ("events" in outcome) yield { line, raw, events: outcome.events };
    else yield { line, raw, fault: "fault" in outcome ? outcome.fault : outcome.detail };
  }
}

function outcomeOf(line: string) {
  const bytes = Buffer.from(line);
  try {
    return takeContractEvent(parseJson(bytes), bytes, {});
  } catch (error) {
    if (error instanceof MalformedBody) return { fault: "the line is not JSON" };
    throw error;
  }
}

async function* jsonRows(text: AsyncIterable<string>): AsyncGenerator<Row | BrokenRow> {
  for await (const { line, raw } of readLines(text)) yield jsonRow(line, raw);
}

/** The first line that isn't empty, and the whole text with it. */
async function peekFirstLine(text: AsyncGenerator<string>): Promise<{ firstLine: string; all: AsyncIterable<string> }> {
  let head = "";
  let ended = false;
  // A header is shorter than a chunk; what has no line end for a million characters is no table.
  while (!ended && !/\S[^\n]*\n/.test(head) && head.length < 1_000_000) {
    const { value, done } = await text.next();
    if (done) ended = true;
    else head += value;
  }
  const firstLine = /\S[^\n]*/.exec(head)?.[0] ?? "";
  if (firstLine === "") throw new UnreadableFile("the file is empty");
  async function* whole(): AsyncGenerator<string> {
    yield head;
    if (!ended) yield* text;
  }
  return { firstLine, all: whole() };
}
