import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse } from "@keypulse/engines";

/** An alert as a person is told of it. */
export interface AlertLine {
  readonly id: string;
  readonly version: number;
  readonly state: "open" | "resolved";
  readonly clientId: string;
  readonly client: string;
  readonly detector: string;
  readonly channel: string;
  readonly crossedAt: string;
  readonly reason: string;
  /** Decimal text, of a year. */
  readonly moneyAtStake: string;
  readonly currency: string;
}

export interface OpenAlerts {
  /** Announced: their line was crossed not long before they were found. */
  readonly news: number;
  /** Announced too: growth, a return. */
  readonly goodNews: number;
  readonly history: number;
}

const columns = `toString(id) AS id, version, state, toString(client_id) AS clientId, client_name AS client, detector, channel,
  formatDateTime(crossed_at, '%FT%TZ', 'UTC') AS crossedAt, reason, toString(money_at_stake) AS moneyAtStake, currency`;

export async function countOpenAlerts(clickhouse: ClickHouse): Promise<OpenAlerts> {
  const result = await clickhouse.query({
    query: `SELECT countIf(announced AND direction != 'better') AS news, countIf(announced AND direction = 'better') AS goodNews,
      countIf(NOT announced) AS history FROM alerts_open`,
    format: "JSONEachRow",
  });
  const [row] = await result.json<Record<keyof OpenAlerts, string>>();
  return { news: Number(row?.news ?? 0), goodNews: Number(row?.goodNews ?? 0), history: Number(row?.history ?? 0) };
}

/** Open and announced, no good news, the most money at stake first. */
export async function worstAlerts(clickhouse: ClickHouse, most: number): Promise<AlertLine[]> {
  const result = await clickhouse.query({
    query: `SELECT ${columns} FROM alerts_latest WHERE state = 'open' AND announced AND direction != 'better'
      ORDER BY money_at_stake DESC, crossed_at DESC, id LIMIT {most:UInt32}`,
    query_params: { most },
    format: "JSONEachRow",
  });
  return await result.json<AlertLine>();
}

const pollMs = 2_000;

/**
 * Tells each announced version of an alert that is written from now on, until the signal. Waits out faults.
 * An alert has the time of the data that it is about, so news are what wasn't there before, not what is dated later.
 */
export async function watchAlerts(
  clickhouse: ClickHouse,
  signal: AbortSignal,
  onAlert: (alert: AlertLine) => void,
): Promise<void> {
  let before: Set<string> | undefined;
  while (!signal.aborted) {
    try {
      const result = await clickhouse.query({
        query: `SELECT ${columns} FROM alerts WHERE announced AND updated_at > now() - INTERVAL 1 DAY
          ORDER BY updated_at, money_at_stake DESC`,
        format: "JSONEachRow",
      });
      const alerts = await result.json<AlertLine>();
      const nameOf = ({ id, version }: AlertLine): string => `${id} ${version}`;
      if (before) for (const alert of alerts) if (!before.has(nameOf(alert))) onAlert(alert);
      before = new Set(alerts.map(nameOf));
    } catch {
      // ClickHouse is away: services say so, and the next look finds what this one would have.
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}
