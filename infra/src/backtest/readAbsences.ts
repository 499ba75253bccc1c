import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { createCalendar, type OpenInterval } from "@keypulse/methods";
import { parse } from "csv-parse/sync";
import { BacktestError } from "./history.ts";
import { createTimeReader } from "./readTime.ts";

/**
 * Times for which clients are known to be away: a table of client, from and to (not included; empty while it goes on).
 *
 * @throws BacktestError with the lines of rows that can't be used
 */
export async function readAbsences(path: string, timeZone: string): Promise<Map<string, OpenInterval[]>> {
  const file = basename(path);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new BacktestError(error.code === "ENOENT" ? `There is no file ${path}.` : `${path}: ${error.message}`);
  });
  const [head = [], ...rows] = parse(text, {
    bom: true,
    delimiter: [",", ";", "\t"],
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  }) as string[][];
  const names = head.map((name) => name.toLowerCase());
  const [client, from, to] = ["client", "from", "to"].map((name) => names.indexOf(name)) as [number, number, number];
  if (client < 0 || from < 0 || to < 0) {
    throw new BacktestError(`${file}, line 1: columns client, from and to are wanted, found ${names.join(", ")}.`);
  }
  const readTime = createTimeReader(createCalendar(timeZone));
  const absences = new Map<string, OpenInterval[]>();
  for (const [i, row] of rows.entries()) {
    const startMs = readTime(row[from] ?? "");
    const endMs = row[to] ? readTime(row[to]) : undefined;
    const isUsable = row[client] && startMs !== undefined && (!row[to] || (endMs !== undefined && endMs > startMs));
    if (!isUsable) {
      throw new BacktestError(
        `${file}, row ${i + 1} below the header: a client, an ISO time and a later one (or none) are wanted.`,
      );
    }
    absences.set(row[client]!, [...(absences.get(row[client]!) ?? []), { startMs: startMs!, endMs }]);
  }
  return absences;
}
