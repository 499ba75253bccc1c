import type { AmountComparison, FitReport, HoldOut, SegmentLine } from "./fitReport.ts";
import { leavingModels } from "./models.ts";

/** What a fit found, for people. @param asked the model's name as it was typed */
export function showFit(report: FitReport, asked: string): string {
  const { model, unit } = report;
  const title =
    model === "gamma-gamma"
      ? "Gamma-gamma (Fader & Hardie 2013): the amount of a purchase"
      : leavingModels[model].title;
  return [
    [
      report.k === undefined ? `${title}` : `${title}, k = ${report.k}`,
      ...(asked === "mbg-nbd" ? ["mbg-nbd is MBG/NBD (Batislam et al. 2007), which is mbg-cnbd-k with k = 1."] : []),
    ].join("\n"),
    [
      `${whole(report.clients)} clients, ${whole(report.repeatBuyers)} of them with repeats, ${whole(report.repeats)} repeat purchases, ${report.from} to ${report.to}, by the ${unit}`,
      `log-likelihood ${decimal(report.logLikelihood, 2)}, ${report.converged ? `found in ${report.iterations} steps` : "but the search did not come to an end: do not trust the parameters"}`,
      ...(report.tried && report.tried.length > 1
        ? [`by k: ${report.tried.map(({ k, logLikelihood }) => `${k} ${decimal(logLikelihood, 2)}`).join(", ")}`]
        : []),
    ].join("\n"),
    parameterTable(report),
    ...(report.segments ? [segmentTable(report.segments)] : []),
    ...(report.holdOut ? [showHoldOut(report.holdOut, unit)] : []),
    ...(report.amounts ? [showAmounts(report.amounts)] : []),
    ...notes(report),
  ].join("\n\n");
}

function parameterTable({ parameters, standardErrors }: FitReport): string {
  return columns([
    ["", "value", "standard error"],
    ...Object.entries(parameters).map(([name, value]) => {
      const error = standardErrors?.[name];
      return [name, significant(value), error === undefined ? "unknown" : significant(error)];
    }),
  ]);
}

function segmentTable(segments: readonly SegmentLine[]): string {
  const names = Object.keys(segments[0]?.parameters ?? {});
  return columns([
    ["segment", "clients", "with repeats", ...names, "fitted"],
    ...segments.map(({ segment, clients, repeatBuyers, parameters, origin }) => [
      segment || "(none)",
      whole(clients),
      whole(repeatBuyers),
      ...names.map((name) => significant(parameters[name] ?? Number.NaN)),
      origin === "own" ? "by itself" : "pulled towards the whole",
    ]),
  ]);
}

function showHoldOut(holdOut: HoldOut, unit: string): string {
  const { from, to, horizon, actual, expected, correlation, meanAbsoluteError, auc, aucOfRepeatBuyers } = holdOut;
  const scores = [
    ["P(alive)", "probabilityAlive"],
    ["expected purchases", "expectedPurchases"],
    ["recency", "recency"],
    ["recency in their own gaps", "recencyRatio"],
  ] as const;
  return [
    `Held out: ${from} to ${to}, ${decimal(horizon, 1)} ${unit}s`,
    `purchases: ${whole(actual)} came, ${decimal(expected, 1)} were expected (${actual === 0 ? "none came" : signed((expected / actual - 1) * 100)}${actual === 0 ? "" : " %"})`,
    `by client: correlation ${correlation === undefined ? "undefined" : decimal(correlation, 3)}, mean absolute error ${decimal(meanAbsoluteError, 3)}`,
    "",
    columns([
      ["who bought again, told by (AUC; .5 is guessing)", "all clients", "those with repeats"],
      ...scores.map(([name, key]) => [name, share(auc[key]), share(aucOfRepeatBuyers[key])]),
    ]),
    "",
    columns([
      ["repeats before", "clients", "bought again", "P(alive)", "purchases", "expected"],
      ...holdOut.byFrequency.map((line) => [
        `${line.repeats}${line.repeats === 7 ? " or more" : ""}`,
        whole(line.clients),
        share(line.boughtAgain / line.clients),
        share(line.meanAlive),
        whole(line.actual),
        decimal(line.expected, 1),
      ]),
    ]),
  ].join("\n");
}

function showAmounts({ clients, actual, expected, meanAbsoluteError }: AmountComparison): string {
  return `Held out: ${whole(clients)} clients bought again; a purchase was worth ${decimal(actual, 2)} to the mean client, ${decimal(expected, 2)} was expected (mean absolute error ${decimal(meanAbsoluteError, 2)})`;
}

/** Parameters without a unit; beyond these a fit has run to its limits. */
const shapes: readonly string[] = ["r", "a", "b", "s", "p", "q"];
const [least, most] = [1e-4, 1e4];

function notes({ model, file, parameters }: FitReport): string[] {
  const { rows, returns, refused, examples } = file;
  const atLimit = shapes.filter((name) => {
    const value = parameters[name];
    return value !== undefined && (value < least || value > most);
  });
  const told = [
    ...(atLimit.length > 0
      ? [
          `${atLimit.join(" and ")} went to the limit: in these data clients do not differ there, or none is seen to leave.`,
        ]
      : []),
    ...(model === "bg-nbd" ? ["BG/NBD says P(alive) = 1 of everyone who bought once: a reference, not an alarm."] : []),
    ...(model === "nbd"
      ? ["In the NBD nobody ever leaves: P(alive) is 1 for all, a yardstick for the other models."]
      : []),
    ...(returns > 0
      ? [`${whole(returns)} of ${whole(rows)} rows have an amount below zero and are no purchases.`]
      : []),
    ...showRefused(rows, { count: refused, examples }),
  ];
  return told.length === 0 ? [] : [told.join("\n")];
}

/** Nothing where all rows could be used. */
export function showRefused(
  rows: number,
  { count, examples }: { count: number; examples: readonly string[] },
): string[] {
  if (count === 0) return [];
  const more = count > examples.length ? ["  …"] : [];
  return [
    [`${whole(count)} of ${whole(rows)} rows could not be used:`, ...examples.map((each) => `  ${each}`), ...more].join(
      "\n",
    ),
  ];
}

/** The first column to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]! + 2)))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

const whole = (number: number): string => number.toLocaleString("en");
const decimal = (number: number, places: number): string =>
  number.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
const share = (number: number | undefined): string => (number === undefined ? "undefined" : number.toFixed(3));
const signed = (number: number): string => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(1)}`;
/** Four digits that count, however small. */
const significant = (number: number): string =>
  number.toLocaleString("en", { minimumSignificantDigits: 4, maximumSignificantDigits: 4 });
