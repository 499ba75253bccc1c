import { pipeline } from "node:stream";
import { type CsvError, type Info, parse } from "csv-parse";
import { parse as parseSync } from "csv-parse/sync";
import { type BrokenRow, type Row, rowMaker } from "./row.ts";
import { UnreadableFile } from "./text.ts";

const delimiters = [",", ";", "\t", "|"];
/** No order's row is longer; a quote that is never closed would take in the rest of the file. */
const longestRecord = 1_000_000;
const longestRaw = 10_000;

/** The delimiter that a header row uses most, outside of quotes. */
export function delimiterOf(headerRow: string): string {
  const bare = headerRow.replace(/"[^"]*"/g, "");
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))]!;
}

/** Names of a header row's columns. */
export function columnsOf(headerRow: string, delimiter: string): string[] {
  const [columns] = parseSync(headerRow, { delimiter, relax_quotes: true, to: 1, bom: true });
  return (columns ?? []).map((name) => name.trim());
}

interface CsvRecord {
  record: string[];
  raw: string;
  info: Info;
}

/**
 * Rows under the header, which is the first record that isn't empty. A row with more cells than the header has columns
 * is broken: a delimiter stands in it unquoted, and nobody knows where.
 */
export async function* readCsv(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<Row | BrokenRow> {
  const broken: BrokenRow[] = [];
  const parser = parse({
    delimiter,
    record_delimiter: "\n",
    info: true,
    raw: true,
    skip_empty_lines: true,
    relax_quotes: true,
    relax_column_count_less: true,
    max_record_size: longestRecord,
    skip_records_with_error: true,
    on_skip: (error, raw) => {
      const row = brokenRow(error, raw ?? "");
      if (error?.code === "CSV_MAX_RECORD_SIZE") {
        parser.destroy(new UnreadableFile(`line ${row.line}: a quote opens there and is never closed`));
      } else broken.push(row);
    },
  });
  // The reader below hears of the error, because pipeline destroys the parser with it.
  pipeline(text, parser, () => {});
  let toRow: ReturnType<typeof rowMaker> | undefined;
  for await (const { record, raw, info } of parser as AsyncIterable<CsvRecord>) {
    const { line, text: ownText } = placeOf(raw, info.lines);
    if (toRow === undefined) {
      toRow = rowMaker(record);
      continue;
    }
    while (broken[0] !== undefined && broken[0].line < line) yield broken.shift()!;
    yield toRow(line, ownText, record);
  }
  yield* broken;
}

function brokenRow(error: CsvError | undefined, raw: string): BrokenRow {
  const place = placeOf(raw, Number(error?.lines ?? 0));
  const fault =
    error?.code === "CSV_QUOTE_NOT_CLOSED"
      ? "a quote opens here and is never closed: all rows after it went into it"
      : "has more cells than the header has columns";
  return { line: place.line, raw: place.text.slice(0, longestRaw), fault };
}

/** A record's own text, without empty lines before it and line ends inside it counted. */
function placeOf(raw: string, lastLine: number): { line: number; text: string } {
  const text = raw.replace(/^\n+|\n+$/g, "");
  return { line: lastLine - (text.split("\n").length - 1), text };
}
