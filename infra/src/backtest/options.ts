import { parseArgs } from "node:util";
import { isTimeZone } from "@keypulse/connectors/files";

export interface BacktestOptions {
  readonly help: boolean;
  /** As it was given; undefined: the warehouse. */
  readonly csv: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly calibrateUntil: string | undefined;
  /** False alarms a client-year; the first is what alerts are sent at, all are compared. */
  readonly budgets: readonly number[];
  readonly silenceBudget: number;
  readonly seed: number;
  readonly plants: number;
  readonly timeZone: string | undefined;
  /** ISO 3166 code of the country whose public holidays are known. */
  readonly country: string | undefined;
  /** A file of known absences. */
  readonly absences: string | undefined;
  /** What makes clients of the warehouse each other's peers. */
  readonly segmentBy: SegmentBy;
  readonly html: string | undefined;
  readonly json: boolean;
  readonly skipBadRows: boolean;
}

/** As the signals service's SIGNALS_SEGMENT_BY. */
export const segmentFields = ["industry", "region", "size", "none"] as const;
export type SegmentBy = (typeof segmentFields)[number];

/** The command line can't be understood; shown with the help. */
export class BacktestUsageError extends Error {}

const alwaysCompared = [0.1, 0.25, 0.5];
const isoCountry = /^[A-Z]{2}$/;
const isoDay = /^\d{4}-\d{2}-\d{2}$/;

/** @throws BacktestUsageError */
export function readBacktestOptions(args: readonly string[]): BacktestOptions {
  const { values, positionals } = parsed(args);
  if (positionals.length > 0) {
    throw new BacktestUsageError(`"${positionals[0]}" is not understood: a file of events is named by --csv FILE.`);
  }
  for (const name of ["from", "to", "calibrate-until"] as const) {
    const day = values[name];
    if (day !== undefined && !(isoDay.test(day) && Number.isFinite(Date.parse(day)))) {
      throw new BacktestUsageError(`--${name} must be a day such as 2026-01-31, but is "${day}".`);
    }
  }
  if (values.from !== undefined && values.to !== undefined && values.from >= values.to) {
    throw new BacktestUsageError(`--from ${values.from} must lie before --to ${values.to}.`);
  }
  if (values.timezone !== undefined && !isTimeZone(values.timezone)) {
    throw new BacktestUsageError(`--timezone must be an IANA time zone, such as Europe/Berlin: "${values.timezone}".`);
  }
  if (values.country !== undefined && !isoCountry.test(values.country)) {
    throw new BacktestUsageError(`--country must be an ISO 3166 code such as FR, but is "${values.country}".`);
  }
  const budget = positive("budget", values.budget ?? "0.25", 5);
  return {
    help: values.help ?? false,
    csv: values.csv,
    from: values.from,
    to: values.to,
    calibrateUntil: values["calibrate-until"],
    budgets: [budget, ...alwaysCompared.filter((other) => other !== budget)],
    silenceBudget: positive("silence-budget", values["silence-budget"] ?? "0.1", 5),
    seed: whole("seed", values.seed ?? "1", 0, 2 ** 32 - 1),
    plants: whole("plants", values.plants ?? "400", 0, 100_000),
    timeZone: values.timezone,
    country: values.country,
    absences: values.absences,
    segmentBy: segmentField(values["segment-by"] ?? process.env.SIGNALS_SEGMENT_BY ?? "industry"),
    html: values.html,
    json: values.json ?? false,
    skipBadRows: values["skip-bad-rows"] ?? false,
  };
}

function positive(name: string, text: string, most: number): number {
  const number = Number(text);
  if (!(number > 0 && number <= most)) {
    throw new BacktestUsageError(`--${name} must be a number above 0, at most ${most}, but is "${text}".`);
  }
  return number;
}

function segmentField(text: string): SegmentBy {
  const field = segmentFields.find((name) => name === text);
  if (field === undefined) {
    throw new BacktestUsageError(`--segment-by must be one of ${segmentFields.join(", ")}, but is "${text}".`);
  }
  return field;
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!(text.trim() !== "" && Number.isInteger(number) && number >= least && number <= most)) {
    throw new BacktestUsageError(`--${name} must be a whole number from ${least} to ${most}, but is "${text}".`);
  }
  return number;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        csv: { type: "string" },
        from: { type: "string" },
        to: { type: "string" },
        "calibrate-until": { type: "string" },
        budget: { type: "string" },
        "silence-budget": { type: "string" },
        seed: { type: "string" },
        plants: { type: "string" },
        timezone: { type: "string" },
        country: { type: "string" },
        absences: { type: "string" },
        "segment-by": { type: "string" },
        html: { type: "string" },
        json: { type: "boolean" },
        "skip-bad-rows": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new BacktestUsageError((error as Error).message);
  }
}
