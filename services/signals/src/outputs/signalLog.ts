import { Readable } from "node:stream";
import type { Signal } from "@keypulse/contracts";
import { type ClickHouse, cloudEventHeaders, type Producer } from "@keypulse/engines";
import { type ChannelContext, mondayOf, NO_SEGMENT } from "@keypulse/methods";
import type { LastSignal } from "../domain/changes.ts";

interface SignalRow {
  client_id: string;
  client_name: string;
  cause: LastSignal["cause"];
  direction: LastSignal["direction"];
  detector: LastSignal["detector"];
  channel: LastSignal["channel"];
  state: LastSignal["state"];
  crossed: string;
  detected: string;
  headline: string;
  evidence: string;
  money_at_stake: string;
  findings: string;
}

/** Signals in Kafka and in ClickHouse. The only owner of the table `signals`. */
export class SignalLog {
  readonly #clickhouse: ClickHouse;
  readonly #producer: Producer;
  readonly #topic: string;
  constructor(clickhouse: ClickHouse, producer: Producer, topic: string) {
    this.#clickhouse = clickhouse;
    this.#producer = producer;
    this.#topic = topic;
  }

  /** The newest signal of each client and cause. */
  async last(clientIds: readonly string[]): Promise<Map<string, LastSignal[]>> {
    const last = new Map<string, LastSignal[]>();
    for (let i = 0; i < clientIds.length; i += 5_000) {
      const list = clientIds.slice(i, i + 5_000).map((id) => `'${id}'`);
      const result = await this.#clickhouse.query({
        query: `SELECT client_id, client_name, cause, direction, detector, channel, state,
            toUnixTimestamp64Milli(crossed_at) AS crossed, toUnixTimestamp64Milli(detected_at) AS detected,
            headline, evidence, money_at_stake, findings
          FROM signals WHERE client_id IN (${list.join(",")})
          ORDER BY detected_at DESC, state = 'cleared' DESC LIMIT 1 BY client_id, cause`,
        format: "JSONEachRow",
        clickhouse_settings: { max_query_size: "10000000" },
      });
      for (const row of await result.json<SignalRow>()) {
        const known = last.get(row.client_id) ?? [];
        known.push({
          clientName: row.client_name,
          cause: row.cause,
          direction: row.direction,
          detector: row.detector,
          channel: row.channel,
          state: row.state,
          crossedAtMs: Number(row.crossed),
          detectedAtMs: Number(row.detected),
          headline: row.headline,
          evidence: JSON.parse(row.evidence),
          moneyAtStake: Number(row.money_at_stake),
          findings: JSON.parse(row.findings),
        });
        last.set(row.client_id, known);
      }
    }
    return last;
  }

  /** Clients with an open episode. */
  async openClients(): Promise<string[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT DISTINCT client_id FROM (
          SELECT client_id, state FROM signals WHERE subject = 'client'
          ORDER BY detected_at DESC, state = 'cleared' DESC LIMIT 1 BY client_id, cause
        ) WHERE state = 'raised'`,
      format: "JSONEachRow",
    });
    return (await result.json<{ client_id: string }>()).map((row) => row.client_id);
  }

  /**
   * Tells Kafka first, the table after: what is lost between the two is found and said again, under the same ids.
   * Worst first, so that consumers of one partition see it in that order.
   */
  async write(signals: readonly Signal[]): Promise<void> {
    if (signals.length === 0) return;
    const worstFirst = signals.toSorted((a, b) => b.money_at_stake - a.money_at_stake);
    for (let i = 0; i < worstFirst.length; i += 1_000) {
      await this.#producer.send({
        topic: this.#topic,
        acks: -1,
        messages: worstFirst.slice(i, i + 1_000).map((signal) => ({
          key: signal.client_id,
          value: JSON.stringify(signal),
          headers: cloudEventHeaders({
            id: signal.id,
            source: "/keypulse/signals",
            type: `keypulse.signal.${signal.state}`,
            time: signal.detected_at,
            subject: signal.client_id,
          }),
        })),
      });
    }
    await this.#clickhouse.insert({
      table: "signals",
      format: "JSONEachRow",
      values: worstFirst.map((signal) => ({
        ...signal,
        crossed_at: Date.parse(signal.crossed_at),
        detected_at: Date.parse(signal.detected_at),
        evidence: JSON.stringify(signal.evidence),
        findings: JSON.stringify(signal.findings),
      })),
      clickhouse_settings: { async_insert: 0 },
    });
  }

  /** What all clients, and those of each segment, did alike, for analysts. */
  async writePeerFactors(
    channels: Readonly<Record<string, Pick<ChannelContext, "panel" | "segmentPanels">>>,
    computedAtMs: number,
  ): Promise<void> {
    const panels = Object.entries(channels).flatMap(([channel, { panel, segmentPanels }]) =>
      panel === undefined ? [] : [...segmentPanels, [NO_SEGMENT, panel] as const].map((of) => ({ channel, of })),
    );
    function* rows() {
      for (const { channel, of } of panels) {
        const [segment, { firstWeek, factors }] = of;
        for (const [i, factor] of factors.entries()) {
          yield { channel, segment, factor, week: mondayOf(firstWeek + i), computed_at: computedAtMs };
        }
      }
    }
    await this.#clickhouse.insert({
      table: "peer_factors",
      format: "JSONEachRow",
      // As a stream: industries may be whatever people type, and each has all its weeks.
      values: Readable.from(rows()),
      clickhouse_settings: { async_insert: 0 },
    });
  }
}
