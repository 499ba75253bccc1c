import { alertStates, findingSchema, outcomes, saidSchema } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";

const time = z.iso.datetime();

export const outcomeSchema = z.object({
  outcome: z.enum(outcomes),
  note: z.string(),
  who: z.string(),
  recorded_at: time,
});

export const shownAlertSchema = z.object({
  id: z.guid(),
  state: z.enum(alertStates),
  client_id: z.guid(),
  client_name: z.string(),
  owner: z.string(),
  ...saidSchema.pick({ cause: true, direction: true, detector: true, channel: true, headline: true }).shape,
  opened_at: time,
  resolved_at: time.nullable(),
  reason: z.string().describe("What was found, or why it was resolved"),
  advice: z.string().describe("What usually helps"),
  findings: z
    .array(findingSchema)
    .describe("What each detector found, the leading one first; of a resolved alert, what was found last"),
  money_at_stake: z.number(),
  horizon_days: z.number().int().describe("Days that money_at_stake is counted over"),
  currency: z.string(),
  likelihood: z.number().nullable(),
  outcome: outcomeSchema.nullable(),
});
export type ShownAlert = z.infer<typeof shownAlertSchema>;

export const precisionSchema = z.object({
  detector: z.string(),
  segment: z.string().describe("Empty for all clients"),
  alerts: z.number().int(),
  judged: z.number().int(),
  precision: z.number().nullable(),
  low: z.number().nullable().describe("Lower end of the 95 % interval"),
  high: z.number().nullable(),
});
export const budgetNowSchema = z.object({
  detector: z.string(),
  channel: z.string(),
  budget: z.number().describe("False alarms a client-year that are borne"),
  monitored: z.number().int().describe("Clients that it watches"),
  client_years: z.number().describe("Watched within the last year"),
  allowed: z.number().describe("False alarms that the budget allowed in that time"),
  alerts: z.number().int(),
  judged: z.number().int(),
  false_alarms: z.number().int().describe("Of the judged ones"),
  spent: z.number().nullable().describe("Estimated false alarms as a share of the allowed ones"),
  line: z.number(),
  line_reason: z.string(),
});
export type Precision = z.infer<typeof precisionSchema>;
export type BudgetNow = z.infer<typeof budgetNowSchema>;

const iso = (column: string, as = column): string =>
  `if(isNull(${column}), NULL, formatDateTime(assumeNotNull(${column}), '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z') AS ${as}`;

const jsonRows = async <T>(
  clickhouse: ClickHouse,
  query: string,
  query_params: Record<string, unknown>,
): Promise<T[]> => {
  const result = await clickhouse.query({
    query,
    query_params,
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_decimals: 0 },
  });
  return await result.json<T>();
};

type AlertRow = Omit<ShownAlert, "outcome" | "findings"> & { findings: string } & z.infer<typeof outcomeSchema> & {
    judged: boolean;
  };

/** Alerts with their outcomes; what is at stake most comes first. */
export async function readAlerts(
  clickhouse: ClickHouse,
  wanted: {
    id?: string;
    state?: string | undefined;
    owner?: string | undefined;
    client?: string | undefined;
    limit: number;
  },
): Promise<ShownAlert[]> {
  const conditions = [
    wanted.id === undefined ? undefined : "a.id = {id: UUID}",
    wanted.state === undefined ? undefined : "a.state = {state: String}",
    wanted.client === undefined ? undefined : "a.client_id = {client: UUID}",
    wanted.owner === undefined ? undefined : "s.owner = {owner: String}",
  ].filter((condition) => condition !== undefined);
  const rows = await jsonRows<AlertRow>(
    clickhouse,
    `SELECT a.id AS id, toString(a.state) AS state, a.client_id AS client_id, a.client_name AS client_name, s.owner AS owner,
       toString(a.cause) AS cause, toString(a.direction) AS direction, toString(a.detector) AS detector,
       toString(a.channel) AS channel, a.headline AS headline, ${iso("a.opened_at", "opened_at")},
       ${iso("a.resolved_at", "resolved_at")}, a.reason AS reason, a.advice AS advice, a.findings AS findings,
       toFloat64(a.money_at_stake) AS money_at_stake, a.horizon_days AS horizon_days,
       toString(a.currency) AS currency, a.likelihood AS likelihood, o.alert_id = a.id AS judged, toString(o.outcome) AS outcome,
       o.note AS note, toString(o.who) AS who, ${iso("o.recorded_at", "recorded_at")}
     FROM alerts_latest AS a
     LEFT JOIN (SELECT client_id, owner FROM client_said) AS s ON s.client_id = a.client_id
     LEFT JOIN alert_outcomes AS o ON o.alert_id = a.id
     ${conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`}
     ORDER BY a.state = 'open' DESC, a.money_at_stake DESC, a.id LIMIT {limit: UInt32}`,
    wanted,
  );
  return rows.map(({ judged, outcome, note, who, recorded_at, findings, ...alert }) => ({
    ...alert,
    findings: z.array(findingSchema).parse(JSON.parse(findings)),
    outcome: judged ? { outcome, note, who, recorded_at } : null,
  }));
}

export async function readPrecision(clickhouse: ClickHouse): Promise<Precision[]> {
  return await jsonRows<Precision>(
    clickhouse,
    `SELECT detector, segment, alerts, judged, precision, precision_low AS low, precision_high AS high
     FROM alert_precision ORDER BY segment, detector`,
    {},
  );
}

/** The budget of each detector against what happened within a year. */
export async function readBudget(clickhouse: ClickHouse): Promise<BudgetNow[]> {
  return await jsonRows<BudgetNow>(
    clickhouse,
    `SELECT b.detector AS detector, b.channel AS channel, b.budget AS budget, b.monitored AS monitored,
       b.client_years AS client_years, b.allowed AS allowed, b.alerts AS alerts, b.judged AS judged,
       b.false_alarms AS false_alarms, b.spent AS spent, l.line AS line, l.reason AS line_reason
     FROM alert_budget AS b
     INNER JOIN (SELECT * FROM detector_lines WHERE isNull(until) AND segment = '') AS l
       ON l.detector = b.detector AND l.channel = b.channel
     ORDER BY detector, channel`,
    {},
  );
}
