import type { ClickHouseReader } from "@keypulse/engines";

/** Asks for the rows of a few keys: times are milliseconds, days are numbers since 1970-01-01, decimals are text. */
export function askByKeys(reader: ClickHouseReader) {
  return async <T>(query: string): Promise<T[]> =>
    await reader.read<T>(query, {
      // One client's rows are few: threads would only have to be started, to read them as well as to write them down.
      max_threads: 1,
      output_format_parallel_formatting: 0,
      // A client of a hundred thousand identifiers has them all in the text.
      max_query_size: "100000000",
      output_format_json_quote_64bit_integers: 0,
      output_format_json_quote_decimals: 1,
      output_format_json_named_tuples_as_objects: 0,
    });
}

/** Keys as the inside of SQL's IN. They come of the database or were checked to be UUIDs. */
export const keyList = (keys: readonly string[]): string =>
  keys.map((key) => `'${key.replaceAll(/[^0-9a-f-]/gi, "")}'`).join(", ");
