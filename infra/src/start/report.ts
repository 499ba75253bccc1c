import type { ClickHouse } from "@keypulse/engines";
import { type AlertLine, countOpenAlerts, type OpenAlerts, worstAlerts } from "./alertLines.ts";
import type { LoadReport } from "./loadDemonstration.ts";

/** What `npm start` found, for people and (with --json) for programs. Amounts are decimal texts. */
export interface Report {
  readonly readySeconds: number;
  readonly clients: number;
  readonly events: number;
  readonly rejected: number;
  /** Kafka deleted them before they were read. */
  readonly lost: number;
  readonly duplicates: number;
  readonly firstEvent: string | null;
  readonly lastEvent: string | null;
  readonly sources: readonly { readonly source: string; readonly events: number }[];
  readonly currency: string;
  readonly timeZone: string;
  readonly netRevenue: string;
  readonly netRevenueOfClients: string;
  readonly load: LoadReport | null;
  readonly openAlerts: OpenAlerts;
  readonly worstAlerts: readonly AlertLine[];
  readonly services: readonly { readonly name: string; readonly url: string }[];
  /** Where providers and SDKs send to. */
  readonly collectorUrl: string;
  /** The console's API. */
  readonly consoleUrl: string;
  readonly alertsTopic: string;
  readonly kafkaBrokers: string;
}

const mostAlerts = 8;

export type Around = Pick<
  Report,
  | "readySeconds"
  | "load"
  | "services"
  | "collectorUrl"
  | "consoleUrl"
  | "alertsTopic"
  | "kafkaBrokers"
  | "currency"
  | "timeZone"
>;

export async function makeReport(clickhouse: ClickHouse, around: Around): Promise<Report> {
  const one = async <T>(query: string): Promise<T> => {
    const result = await clickhouse.query({
      query,
      format: "JSONEachRow",
      query_params: { currency: around.currency },
    });
    return (await result.json<T>())[0]!;
  };
  const [counts, revenue, sources, openAlerts, worst] = await Promise.all([
    one<Record<"clients" | "rejected" | "duplicates" | "lost", string>>(
      `SELECT (SELECT count() FROM clients) AS clients, (SELECT count() FROM rejected_events) AS rejected,
        (SELECT count() FROM duplicate_events) AS duplicates, (SELECT sum(events) FROM events_lost) AS lost`,
    ),
    one<Record<"everybody" | "clients", string>>(
      `SELECT toString(sum(gross - returned)) AS everybody, toString(sumIf(gross - returned, known)) AS clients
      FROM (SELECT *, client_key != toUUID('00000000-0000-0000-0000-000000000000') AS known FROM revenue_daily)
      WHERE currency = {currency:String}`,
    ),
    readSources(clickhouse),
    countOpenAlerts(clickhouse),
    worstAlerts(clickhouse, mostAlerts),
  ]);
  return {
    ...around,
    clients: Number(counts.clients),
    events: sources.reduce((sum, { events }) => sum + events, 0),
    rejected: Number(counts.rejected),
    duplicates: Number(counts.duplicates),
    lost: Number(counts.lost),
    firstEvent: sources.map(({ first }) => first).sort()[0] ?? null,
    lastEvent:
      sources
        .map(({ last }) => last)
        .sort()
        .at(-1) ?? null,
    sources: sources.map(({ source, events }) => ({ source, events })),
    netRevenue: revenue.everybody,
    netRevenueOfClients: revenue.clients,
    openAlerts,
    worstAlerts: worst,
  };
}

async function readSources(clickhouse: ClickHouse) {
  const result = await clickhouse.query({
    query: `SELECT source, sum(events) AS n, formatDateTime(min(hour), '%FT%TZ', 'UTC') AS first,
        formatDateTime(max(last_at), '%FT%TZ', 'UTC') AS last
      FROM source_hourly GROUP BY source ORDER BY n DESC, source`,
    format: "JSONEachRow",
  });
  const rows = await result.json<Record<"source" | "n" | "first" | "last", string>>();
  return rows.map(({ source, n, first, last }) => ({ source, events: Number(n), first, last }));
}

/** @param wide columns that a line may have */
export function showReport(report: Report, wide: number): string {
  const { clients, events, load, openAlerts, services, firstEvent, lastEvent } = report;
  const net = (amount: string): string => `${money(amount, 2)} ${report.currency}`;
  const day = (time: string): string =>
    new Date(time).toLocaleDateString("en-GB", {
      day: "numeric",
      month: "short",
      year: "numeric",
      timeZone: report.timeZone,
    });
  const facts: [string, string | undefined][] = [
    ["Clients", whole(clients)],
    ["Events", `${whole(events)}${load ? `, loaded at ${whole(load.eventsPerSecond)} a second` : ""}`],
    ["Rejected", report.rejected > 0 ? `${whole(report.rejected)}: the view rejected says why` : undefined],
    [
      "Lost",
      report.lost > 0
        ? `${whole(report.lost)} that Kafka deleted before they were read: see the view events_lost, and raise its retention`
        : undefined,
    ],
    ["Time", firstEvent && lastEvent ? `${day(firstEvent)} to ${day(lastEvent)}` : undefined],
    [
      "Sources",
      report.sources.map(({ source, events: count }) => `${source} ${whole(count)}`).join(", ") || "none yet",
    ],
    ["Net revenue", `${net(report.netRevenueOfClients)} of known clients, ${net(report.netRevenue)} of all orders`],
  ];
  const look: [string, string][] = [
    ["Ask", `npm run sql -- "${exampleQuery}"`],
    ["Wire", "npm run source -- create --help; what can be wired: npm run source -- connectors"],
    [
      "Collector",
      `${report.collectorUrl}/hooks/{source} for webhooks, ${report.collectorUrl}/v1 for Segment's libraries`,
    ],
    ["Console", `${report.consoleUrl}/openapi.json; its token is KEYPULSE_API_TOKEN, else in .keypulse/secrets.json`],
    ...services.map(({ name, url }): [string, string] => [name, `${url}/ready, /live, /metrics`]),
    ["Alerts", `topic ${report.alertsTopic} on ${report.kafkaBrokers}, views alerts_open and alerts_latest`],
  ];
  return [
    `Keypulse is ready after ${report.readySeconds.toFixed(1)} s.`,
    table(facts, wide),
    showAlerts(report.worstAlerts, openAlerts, wide),
    `Look further\n${table(look, Number.POSITIVE_INFINITY)}`,
  ].join("\n\n");
}

const exampleQuery =
  "SELECT name, revenue_net, last_order, open_alerts FROM clients ORDER BY revenue_365d DESC LIMIT 10";

function showAlerts(alerts: readonly AlertLine[], { news, goodNews, history }: OpenAlerts, wide: number): string {
  const others = [
    ...(goodNews > 0 ? [`${whole(goodNews)} ${goodNews === 1 ? "is" : "are"} good news (npm run alerts -- list)`] : []),
    ...(history > 0 ? [`${whole(history)} crossed their line longer ago: history to query, not announced`] : []),
  ];
  if (news === 0)
    return others.length === 0 ? "No alerts are open." : `Nobody needs somebody today; ${others.join("; ")}.`;
  const amounts = alerts.map(({ moneyAtStake, currency }) => `${money(moneyAtStake, 0)} ${currency}`);
  const width = Math.max(...amounts.map((amount) => amount.length));
  const lines = alerts.flatMap(({ client, reason }, index) => [
    `  ${amounts[index]!.padStart(width)}  ${client}`,
    `  ${" ".repeat(width)}  ${wrap(reason, width + 4, wide)}`,
  ]);
  const more = news - alerts.length;
  const rest = [...(more > 0 ? [`${whole(more)} more are new`] : []), ...others];
  return [
    `Clients who need somebody today: ${whole(news)} new ${news === 1 ? "alert" : "alerts"}, most money at stake a year first`,
    ...lines,
    ...(rest.length > 0 ? [`  ${rest.join("; ")}`] : []),
  ].join("\n");
}

/** Names and what is said of each, in two columns. */
export function table(rows: readonly [string, string | undefined][], wide: number): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .flatMap(([name, value]) => (value === undefined ? [] : `  ${name.padEnd(width)}  ${wrap(value, width + 4, wide)}`))
    .join("\n");
}

/** Breaks a text between words; lines after the first are indented by so many columns. */
function wrap(text: string, indent: number, wide: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent + line.length + 1 + word.length > wide) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en-GB");
}

/** A decimal text with thousands separators: NumberFormat takes texts exactly. */
export function money(amount: string, places: number): string {
  const format = new Intl.NumberFormat("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places });
  return format.format(amount as Intl.StringNumericLiteral);
}
