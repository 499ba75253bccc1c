import { parseArgs } from "node:util";
import { dayOf } from "./day.ts";

const models = ["mbg-cnbd-k", "pareto-nbd", "bg-nbd", "nbd", "gamma-gamma"] as const;
export type ModelName = (typeof models)[number];

export interface ColumnNames {
  readonly client: string;
  readonly time: string;
  readonly amount: string;
}

export interface FitCommand {
  readonly help: boolean;
  /** As it was given. */
  readonly csv: string;
  readonly model: ModelName;
  /** As it was asked for: mbg-nbd is the name of mbg-cnbd-k with k = 1. */
  readonly asked: string;
  readonly k: number | undefined;
  readonly unitDays: 1 | 7;
  /** Last day of what is fitted; what comes after is held out. */
  readonly cutoffDay: number | undefined;
  /** Last day that counts at all. */
  readonly untilDay: number | undefined;
  /** How far to look ahead without a cutoff, in units. */
  readonly horizon: number | undefined;
  readonly columns: ColumnNames;
  /** Column that says which segment a client belongs to. */
  readonly segment: string | undefined;
  readonly encoding: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
}

/** The command line can't be understood; shown with the help. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readFitOptions(args: readonly string[]): FitCommand {
  const values = parsed(args);
  const { help = false, unit = "week", json = false, csv = "" } = values;
  const asked = values.model ?? "mbg-cnbd-k";
  const model = asked === "mbg-nbd" ? "mbg-cnbd-k" : models.find((name) => name === asked);
  if (model === undefined) throw new UsageError(`--model must be one of ${models.join(", ")}, but is "${asked}".`);
  if (!help && csv === "") throw new UsageError("Name the file of purchases: --csv FILE.");
  if (unit !== "week" && unit !== "day") throw new UsageError(`--unit must be week or day, but is "${unit}".`);
  const k = wholeNumber(values.k, "--k", 20);
  if (k !== undefined && asked !== "mbg-cnbd-k") {
    throw new UsageError(`--k belongs to mbg-cnbd-k; ${asked} has none to choose.`);
  }
  if (values.segment !== undefined && model === "gamma-gamma") {
    throw new UsageError("--segment is for models of leaving; gamma-gamma is fitted to all.");
  }
  return {
    help,
    csv,
    model,
    asked,
    k: asked === "mbg-nbd" ? 1 : k,
    unitDays: unit === "week" ? 7 : 1,
    cutoffDay: day(values.cutoff, "--cutoff"),
    untilDay: day(values.until, "--until"),
    horizon: wholeNumber(values.horizon, "--horizon", 10_000),
    columns: columnNames(values.columns),
    segment: values.segment,
    encoding: values.encoding,
    out: values.out,
    json,
  };
}

function parsed(args: readonly string[]) {
  try {
    const text = { type: "string" } as const;
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ csv: text, model: text, cutoff: text, until: text, unit: text, k: text, horizon: text, columns: text },
        ...{ segment: text, encoding: text, out: text, json: { type: "boolean" } as const },
        help: { type: "boolean", short: "h" },
      },
    });
    const [file, ...more] = positionals;
    // The file alone is clear enough.
    if (file !== undefined && (values.csv !== undefined || more.length > 0))
      throw new Error(`"${more[0] ?? file}" is one file too many.`);
    return { ...values, csv: values.csv ?? file };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(text: string | undefined, option: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new UsageError(`${option} must be a whole number from 1 to ${most}, but is "${text}".`);
  }
  return value;
}

function day(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const found = /^\d{4}-\d\d-\d\d$/.test(text) ? dayOf(text) : undefined;
  if (found === undefined) throw new UsageError(`${option} must be a date such as 2026-01-31, but is "${text}".`);
  return found;
}

function columnNames(text: string | undefined): ColumnNames {
  const names = { client: "client", time: "time", amount: "amount" };
  for (const part of text?.split(",") ?? []) {
    const [of = "", ...name] = part.split("=");
    if (!Object.hasOwn(names, of) || name.length === 0 || name.join("=") === "") {
      throw new UsageError(`--columns must be like client=CustomerID,time=Date,amount=Total, but has "${part}".`);
    }
    names[of as keyof typeof names] = name.join("=");
  }
  return names;
}
