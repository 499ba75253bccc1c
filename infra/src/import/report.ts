import { type IdentifierKind, identifierKinds } from "@keypulse/contracts";
import { money, table } from "../start/report.ts";
import type { DryRunReport } from "./dryRun.ts";
import type { ImportReport } from "./runImport.ts";
import { whole } from "./showProgress.ts";
import { countRefused, type Refusals, type Tally } from "./tally.ts";

/** What a run did, and where to look. @param wide columns that a line may have */
export function showImport(report: ImportReport, wide: number): string {
  const { file, source, outcome, tally, seconds, eventsOfThisRun, finishedAt } = report;
  const first = {
    done: `${file} went to the source ${source}: ${whole(eventsOfThisRun)} events in ${seconds.toFixed(1)} s.`,
    interrupted: `Stopped: ${whole(tally.orders)} orders of ${file} are with Kafka. The same command goes on from there.`,
    "done before": `${file} went to the source ${source} before, by ${minute(finishedAt)} UTC; nothing was sent now. With --again it is sent once more, and counts once all the same.`,
  }[outcome];
  const look: [string, string][] = [
    ["Orders", `npm run sql -- "select * from orders where source = '${source}' order by occurred_at desc limit 10"`],
    ["Refused", `npm run sql -- "select reason, detail, bytes from rejected where source = '${source}' limit 10"`],
  ];
  return [
    first,
    table([["Format", report.format], ...facts(tally)], wide),
    ...refusals(tally, "kept in the view rejected", wide),
    ...doubts(tally, "taken as they are", wide),
    ...(report.sourceCreated ? [newSourceNote(source)] : []),
    `Look further (ingest stores what arrives within seconds)\n${table(look, Number.POSITIVE_INFINITY)}`,
  ].join("\n\n");
}

/** What an import would send. */
export function showDryRun(report: DryRunReport, wide: number): string {
  const { file, source, sourceExists, tally, interrupted } = report;
  const about =
    sourceExists === undefined
      ? `${source} (Keypulse does not run: not looked up, nor its tracking plan)`
      : `${source} (${sourceExists ? "is there" : "would be made"})`;
  return [
    `A dry run of ${file}${interrupted ? ", stopped" : ""}: nothing was sent.`,
    table([["Format", report.format], ["Source", about], ...facts(tally)], wide),
    ...refusals(tally, "would be kept in the view rejected", wide),
    ...doubts(tally, "would be taken as they are", wide),
    ...(report.rows.length > 0 ? [`The first events\n${eventTable(report)}`] : []),
  ].join("\n\n");
}

function newSourceNote(source: string): string {
  return `The source ${source} is new. An order counts once within a source: give --source ${source} with later files of the same shop.`;
}

function facts(tally: Tally): [string, string | undefined][] {
  const types = Object.entries(tally.byType).map(([type, count]) => `${type} ${whole(count)}`);
  const sums = Object.entries(tally.money).map(([currency, { placed, takenBack }]) => {
    return `${money(placed, 2)} ${currency} placed, ${money(takenBack, 2)} ${currency} taken back`;
  });
  return [
    ["Lines", `${whole(tally.lines)}, of ${whole(tally.orders)} orders`],
    ["Events", `${whole(tally.events)}${types.length > 0 ? `: ${types.join(", ")}` : ""}`],
    ["Without any", tally.unused > 0 ? `${whole(tally.unused)} orders that say nothing of ours` : undefined],
    ["Time", tally.firstMs === null ? undefined : `${day(tally.firstMs)} to ${day(tally.lastMs)} (UTC)`],
    ["Money", sums.length > 0 ? sums.join("; ") : undefined],
  ];
}

function refusals(tally: Tally, where: string, wide: number): string[] {
  const count = countRefused(tally);
  if (count === 0) return [];
  const lines = Object.entries(tally.refused).flatMap(([reason, refused]) => [
    `  ${reason} ${whole(refused.count)}`,
    ...examplesOf(refused, wide),
  ]);
  return [`Refused, ${where}: ${whole(count)}\n${lines.join("\n")}`];
}

/** Orders whose lines and totals differ. A tally that an earlier version began has none. */
function doubts({ doubtful = { count: 0, examples: [] } }: Partial<Tally>, what: string, wide: number): string[] {
  if (doubtful.count === 0) return [];
  return [`Don't add up, ${what}: ${whole(doubtful.count)}\n${examplesOf(doubtful, wide).join("\n")}`];
}

function examplesOf({ count, examples }: Refusals, wide: number): string[] {
  const shown = examples.map(({ line, detail }): [string, string] => [`line ${line}`, detail]);
  const more = count - examples.length;
  return [indent(table(shown, wide - 2)), ...(more > 0 ? [`    and ${whole(more)} more`] : [])];
}

function eventTable({ rows }: DryRunReport): string {
  const header = ["line", "time (UTC)", "type", "who", "amount", "id"];
  const cells = rows.map(({ line, event }) => {
    const { amount, currency } = event.properties;
    const kind = identifierKinds.find((name) => event.identifiers[name] !== undefined);
    return [
      String(line),
      new Date(event.occurred_at).toISOString().slice(0, 19).replace("T", " "),
      event.type,
      kind === undefined ? "nobody" : who(kind, String(event.identifiers[kind])),
      amount === undefined ? "" : `${amount} ${currency}`,
      event.id,
    ];
  });
  const widths = header.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]!.length)));
  const numbers = new Set([0, 4]);
  return [header, ...cells]
    .map((row) => row.map((text, at) => (numbers.has(at) ? text.padStart(widths[at]!) : text.padEnd(widths[at]!))))
    .map((row) => `  ${row.join("  ").trimEnd()}`)
    .join("\n");
}

const who = (kind: IdentifierKind, value: string): string =>
  `${kind} ${value.length > 40 ? `${value.slice(0, 39)}…` : value}`;

const day = (ms: number | null): string => new Date(ms ?? 0).toISOString().slice(0, 10);
const minute = (time: string | null): string => (time ?? "").slice(0, 16).replace("T", " ");
const indent = (text: string): string => text.replaceAll(/^/gm, "  ");
