import { DateTime } from "luxon";
import { ElementFault } from "../members.ts";

/** How a file writes its cells. */
export interface CellOptions {
  /** IANA name of the zone of times that come without one. */
  timeZone: string;
  /** Luxon's tokens, such as "dd.MM.yyyy HH:mm"; ISO 8601 where it is absent. */
  timeFormat?: string | undefined;
}

/** What spreadsheet programs make of a date that nobody formats: the number of days since 1900. */
const serialNumber = /^[2-5]\d{4}([.,]\d+)?$/;

/** A cell's text for people, short enough for a line. */
export const quoted = (cell: string): string => (cell.length > 60 ? `${cell.slice(0, 59)}…` : cell);

/** What spreadsheet programs make of long numbers: 5778367414385 is shown, and then saved, as 5.77837E+12. */
const rounded = /^[+-]?\d+([.,]\d+)?E\+\d+$/i;

/**
 * An id, phone number or other text by which something is known; empty where the cell is.
 * @throws ElementFault where a spreadsheet program has damaged it beyond repair
 */
export function idOf(cell: string, column: string): string {
  // ="00123" and '00123 are how people protect such cells from spreadsheet programs.
  const text = cell
    .replace(/^="(.*)"$/, "$1")
    .replace(/^'/, "")
    .trim();
  if (rounded.test(text)) {
    throw new ElementFault(
      `${column}: a spreadsheet program has rounded it to ${text}: take the file as it was exported, unopened`,
    );
  }
  // A number that went through a table of floats.
  return text.replace(/^(\d+)\.0$/, "$1");
}

/** A time as ISO 8601 in UTC. @throws ElementFault */
export function timeOf(cell: string, column: string, options: CellOptions): string {
  const time = options.timeFormat
    ? DateTime.fromFormat(cell, options.timeFormat, { zone: options.timeZone, locale: "en" })
    : readIso(cell, options.timeZone);
  if (!time.isValid) {
    const wanted = options.timeFormat ?? "2026-01-31 09:30";
    if (cell === "") throw new ElementFault(`${column}: is empty`);
    const hint = serialNumber.test(cell)
      ? ", the number that a spreadsheet program keeps of a date: format the column"
      : "";
    throw new ElementFault(`${column}: is not a time such as ${wanted}: "${quoted(cell)}"${hint}`);
  }
  return new Date(time.toMillis()).toISOString();
}

/** ISO 8601, also with a space in the middle and before the offset, and with UTC instead of Z. */
function readIso(cell: string, zone: string): DateTime {
  const iso = cell
    .trim()
    .replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, "$1T")
    .replace(/ ?UTC$/i, "Z")
    .replace(/ (?=[+-]\d\d:?\d\d$)/, "");
  // Luxon takes week dates and bare years as well, which are rather damaged numbers here.
  return /^\d{4}-\d\d-\d\d/.test(iso) ? DateTime.fromISO(iso, { zone }) : DateTime.invalid("unparsable");
}

/** Whether a time zone is one that this machine knows. */
export const isTimeZone = (name: string): boolean => DateTime.local({ zone: name }).isValid;
