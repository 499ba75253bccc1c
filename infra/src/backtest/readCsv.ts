import { pipeline, Readable } from "node:stream";
import { createCalendar, EventCollector, type OrderAmount } from "@keypulse/methods";
import { publicHolidays } from "@keypulse/methods/holidays";
import { type Info, parse } from "csv-parse";
import { openOrderFile } from "../import/orderFile.ts";
import { BacktestError, type BacktestHistory } from "./history.ts";
import { createTimeReader } from "./readTime.ts";

export interface CsvSettings {
  readonly timeZone: string;
  /** Whose public holidays are known; undefined: nobody's. */
  readonly country: string | undefined;
  /** Days, the last one not included. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly skipBadRows: boolean;
  /** What lies after this is a fault of the file. */
  readonly nowMs: number;
  /** @param fraction of the file */
  readonly onProgress: (rows: number, fraction: number) => void;
}

type Field = "client" | "time" | "kind" | "source" | "amount" | "segment";
const namesOf: Record<Field, readonly string[]> = {
  client: ["client", "client_id", "customer", "customer_id", "customerid", "account", "account_id"],
  time: ["time", "timestamp", "occurred_at", "date", "datetime", "at"],
  kind: ["kind", "type", "channel"],
  source: ["source"],
  amount: ["amount", "revenue", "total"],
  segment: ["segment", "industry"],
};
const mostShownFaults = 10;
const progressEvery = 50_000;
const dayMs = 86_400_000;
/** Of files without a column for it: all rows come from one place. */
const onlySource = "file";

/** Reads a table of events, a row each; packed by gzip or not. @throws BacktestError, ImportError */
export async function readCsv(path: string, settings: CsvSettings): Promise<BacktestHistory> {
  const calendar = createCalendar(settings.timeZone, publicHolidays(settings.country));
  const readTime = createTimeReader(calendar);
  const file = await openOrderFile(path);
  try {
    const header = (await file.firstLines(1))[0] ?? "";
    const delimiter = delimiterOf(header);
    let read = 0;
    const parser = parse({
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
    });
    const rows = pipeline(Readable.from(file.bytes((bytes) => (read = bytes))), parser, () => {});
    const faults = new Faults();
    const all = new EventCollector(calendar);
    const orders = new EventCollector(calendar);
    const revenue = new Map<string, OrderAmount[]>();
    const fromMs = settings.from === undefined ? Number.NEGATIVE_INFINITY : readTime(settings.from)!;
    const toMs = settings.to === undefined ? Number.POSITIVE_INFINITY : readTime(settings.to)!;
    let columns: Record<Field, number> | undefined;
    let count = 0;
    let outside = 0;
    let kinds = { orders: 0, others: 0 };
    let lastMs = Number.NEGATIVE_INFINITY;
    for await (const { record, info } of rows as AsyncIterable<{ record: string[]; info: Info }>) {
      if (columns === undefined) {
        columns = columnsOf(record, delimiter, file.name);
        continue;
      }
      if (count++ % progressEvery === 0) settings.onProgress(count, read / file.size);
      const client = record[columns.client] ?? "";
      const time = record[columns.time] ?? "";
      const amountText = record[columns.amount] ?? "";
      const atMs = readTime(time);
      const amount = Number(amountText);
      if (client === "") faults.add(info.lines, `no client`);
      else if (atMs === undefined) {
        faults.add(info.lines, `"${shortened(time)}" is no ISO time such as 2026-01-31T09:30:00Z or 2026-01-31`);
      } else if (atMs > settings.nowMs + dayMs) faults.add(info.lines, `${shortened(time)} is still to come`);
      else if (!Number.isFinite(amount)) faults.add(info.lines, `amount "${shortened(amountText)}" is no number`);
      else if (atMs < fromMs || atMs >= toMs) outside++;
      else {
        const source = record[columns.source] || onlySource;
        const isOrder = (record[columns.kind] ?? "").toLowerCase().startsWith("order");
        const segment = record[columns.segment] ?? "";
        all.add(client, atMs, source, segment);
        if (isOrder) orders.add(client, atMs, source, segment);
        kinds = { orders: kinds.orders + (isOrder ? 1 : 0), others: kinds.others + (isOrder ? 0 : 1) };
        lastMs = Math.max(lastMs, atMs);
        if (amountText !== "") pushTo(revenue, client, { atMs, amount });
      }
    }
    if (faults.count > 0 && !settings.skipBadRows) throw new BacktestError(faults.told(file.name));
    if (lastMs === Number.NEGATIVE_INFINITY) {
      throw new BacktestError(
        `${file.name} has no events${outside > 0 ? ` between --from and --to (${outside} rows lie outside)` : ""}.`,
      );
    }
    const notes = [
      ...(faults.count > 0 ? [`${faults.count} bad rows were left out`] : []),
      ...(outside > 0 ? [`${outside} rows outside --from and --to were left out`] : []),
    ];
    return {
      origin: file.name,
      calendar,
      timeZone: settings.timeZone,
      events: kinds.orders + kinds.others,
      notes,
      channels: [
        ...(kinds.orders > 0 ? [{ name: "orders" as const, clients: orders.clients() }] : []),
        ...(kinds.others > 0 ? [{ name: "all" as const, clients: all.clients() }] : []),
      ],
      sourceHours: all.sourceHours(),
      revenue,
      // The day of the last event is taken for complete. Who names a later end says that nothing came until then.
      untilMs:
        settings.to === undefined ? calendar.dayStartMs(calendar.dayOf(lastMs) + 1) : Math.min(toMs, settings.nowMs),
    };
  } finally {
    await file.close();
  }
}

/** The one of comma, semicolon and tab that the header has most of. */
function delimiterOf(header: string): string {
  const counted = [",", ";", "\t"].map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

function columnsOf(header: readonly string[], delimiter: string, file: string): Record<Field, number> {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (field: Field): number => names.findIndex((name) => namesOf[field].includes(name));
  const columns = {
    client: find("client"),
    time: find("time"),
    kind: find("kind"),
    source: find("source"),
    amount: find("amount"),
    segment: find("segment"),
  };
  const missing = (["client", "time"] as const).filter((field) => columns[field] < 0);
  if (missing.length > 0) {
    const mark = delimiter === "\t" ? "tabs" : `"${delimiter}"`;
    throw new BacktestError(
      `${file}, line 1: no column ${missing.join(" and ")} among ${names.join(", ")} (divided by ${mark}).\n` +
        "The first line must name the columns: client, time, and if there are such kind, source, amount, segment.",
    );
  }
  return columns;
}

/** Bad rows with their lines; only the first are kept. */
class Faults {
  count = 0;
  readonly #shown: string[] = [];

  add(line: number, fault: string): void {
    if (this.count++ < mostShownFaults) this.#shown.push(`  line ${line}: ${fault}`);
  }

  told(file: string): string {
    const more = this.count > mostShownFaults ? `\n  and ${this.count - mostShownFaults} more` : "";
    return `${file} has ${this.count} bad ${this.count === 1 ? "row" : "rows"}:\n${this.#shown.join("\n")}${more}\nMend them, or leave them out by --skip-bad-rows.`;
  }
}

function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
