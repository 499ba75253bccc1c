import { parse } from "csv-parse/sync";
import { readZipMember } from "../engines/zip.ts";

/** So much of a currency was one euro on a day. */
export interface Rate {
  readonly day: string;
  readonly currency: string;
  /** A decimal, as the file has it. */
  readonly perEuro: string;
}

/** The file can't be read as the European Central Bank's; the message says where and how to mend it. */
export class UnreadableRates extends Error {
  override readonly name = "UnreadableRates";
}

const members = ["eurofxref-hist.csv", "eurofxref.csv"];

/** The table inside: the file itself, or what the bank packs into its zip. @throws UnreadableRates */
export function unpackRates(file: Buffer): string {
  if (file.subarray(0, 2).toString("latin1") !== "PK") return file.toString("utf8");
  for (const member of members) {
    const found = readZipMember(file, member);
    if (found !== undefined) return found.toString("utf8");
  }
  throw new UnreadableRates(`this zip holds neither ${members.join(" nor ")}: take the one that the bank publishes`);
}

const currencyCode = /^[A-Z]{3}$/;
const decimal = /^\d{1,9}(\.\d{1,8})?$/;

/**
 * Rates of the bank's daily file or its history: a row a day, a column a currency, N/A where none was published. Every
 * day also has the euro itself, at 1.
 * @throws UnreadableRates with the line
 */
export function readRates(text: string): Rate[] {
  const [header, ...rows] = parse(text, {
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    info: true,
  }) as unknown as { record: string[]; info: { lines: number } }[];
  const columns = header?.record ?? [];
  const currencies = columns.slice(1).filter((name) => name !== "");
  const wrong = currencies.find((name) => !currencyCode.test(name));
  if (columns[0] !== "Date" || currencies.length === 0 || wrong !== undefined) {
    throw new UnreadableRates(
      `line 1: the header must be Date and currencies (Date,USD,JPY,…), but begins with "${columns.slice(0, 3).join(",").slice(0, 60)}"${columns[0] === "Date" && wrong !== undefined ? ` and has "${wrong.slice(0, 30)}"` : ""}`,
    );
  }
  if (rows.length === 0) throw new UnreadableRates("there is no day under the header");
  return rows.flatMap(({ record, info }) => ratesOfDay(record, currencies, info.lines));
}

function ratesOfDay(record: string[], currencies: readonly string[], line: number): Rate[] {
  const day = readDay(record[0] ?? "");
  if (day === undefined) {
    throw new UnreadableRates(
      `line ${line}: "${record[0]?.slice(0, 30)}" is no day, such as 2026-11-20 or 20 November 2026`,
    );
  }
  const rates: Rate[] = [{ day, currency: "EUR", perEuro: "1" }];
  for (const [index, currency] of currencies.entries()) {
    const perEuro = record[index + 1];
    if (perEuro === undefined || perEuro === "" || perEuro === "N/A") continue;
    if (!decimal.test(perEuro) || Number(perEuro) === 0) {
      throw new UnreadableRates(
        `line ${line}, ${currency}: "${perEuro.slice(0, 30)}" is no rate: it must be a decimal above 0 with a dot, such as 1.0832, or N/A`,
      );
    }
    rates.push({ day, currency, perEuro });
  }
  return rates;
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** The history has 2026-11-20, the daily file 20 November 2026. */
function readDay(text: string): string | undefined {
  const [, date, month, year] = /^(\d{1,2}) ([A-Z][a-z]+) (\d{4})$/.exec(text) ?? [];
  const day =
    date === undefined
      ? text
      : `${year}-${String(months.indexOf(month!) + 1).padStart(2, "0")}-${date.padStart(2, "0")}`;
  const time = new Date(`${day}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day)
    ? day
    : undefined;
}
