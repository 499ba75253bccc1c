import type { Channel, Detector } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";

/** A finding that waits, or waited, for a source. */
export interface HeldFinding {
  readonly clientId: string;
  readonly detector: Detector;
  readonly channel: Channel;
  readonly sinceMs: number;
  readonly source: string;
  readonly headline: string;
  readonly moneyAtStake: number;
  readonly untilMs: number | undefined;
  /** Empty while it waits. */
  readonly outcome: "" | "raised" | "gone";
}

interface HeldRow {
  client_id: string;
  detector: Detector;
  channel: Channel;
  since: string;
  source: string;
  headline: string;
  money_at_stake: string;
}

/** With more clients than this, all that wait are read. */
const mostNamed = 5_000;

/** What is held back, so that people see which alerts wait for a broken source. The only owner of `findings_held_log`. */
export class HeldFindings {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** What of these clients waits now, by client. */
  async waiting(clientIds: readonly string[]): Promise<Map<string, HeldFinding[]>> {
    const named =
      clientIds.length > mostNamed ? "" : `client_id IN (${clientIds.map((id) => `'${id}'`).join(",")}) AND`;
    const waiting = new Map<string, HeldFinding[]>();
    if (clientIds.length === 0) return waiting;
    const result = await this.#clickhouse.query({
      query: `SELECT client_id, detector, channel, toUnixTimestamp64Milli(since) AS since, source, headline, money_at_stake
        FROM findings_held_log FINAL WHERE ${named} until IS NULL`,
      format: "JSONEachRow",
      clickhouse_settings: { max_query_size: "10000000" },
    });
    for (const row of await result.json<HeldRow>()) {
      const { client_id: clientId, detector, channel, source, headline } = row;
      const list = waiting.get(clientId) ?? [];
      list.push({
        ...{ clientId, detector, channel, source, headline, untilMs: undefined, outcome: "" },
        sinceMs: Number(row.since),
        moneyAtStake: Number(row.money_at_stake),
      });
      waiting.set(clientId, list);
    }
    return waiting;
  }

  /** Clients with a finding that waits for one of these sources. */
  async clientsWaitingFor(sources: readonly string[]): Promise<string[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT DISTINCT client_id FROM findings_held_log FINAL WHERE until IS NULL AND source IN {sources: Array(String)}`,
      query_params: { sources },
      format: "JSONEachRow",
    });
    return (await result.json<{ client_id: string }>()).map((row) => row.client_id);
  }

  async write(findings: readonly HeldFinding[], writtenAtMs: number): Promise<void> {
    if (findings.length === 0) return;
    await this.#clickhouse.insert({
      table: "findings_held_log",
      format: "JSONEachRow",
      values: findings.map(({ clientId, sinceMs, untilMs, moneyAtStake, ...rest }) => ({
        ...rest,
        client_id: clientId,
        since: sinceMs,
        until: untilMs ?? null,
        money_at_stake: moneyAtStake,
        written_at: writtenAtMs,
      })),
      clickhouse_settings: { async_insert: 0 },
    });
  }
}
