import { setTimeout as sleep } from "node:timers/promises";
import { allTopics, topicNames } from "@keypulse/contracts";
import { type Admin, type ClickHouse, connectKafka, silentLogger } from "@keypulse/engines";
import type { StartStep } from "../engines/steps.ts";
import type { Connections } from "./connections.ts";
import type { Interrupts } from "./interrupts.ts";

const pollMs = 500;
/** Looks in a row that must find the same. */
const steadyLooks = 3;

export interface EvaluationOptions {
  readonly connections: Connections;
  readonly clickhouse: ClickHouse;
  readonly startStep: StartStep;
  readonly interrupts: Interrupts;
  readonly longestMs: number;
  /** Where the service signals answers. */
  readonly signalsUrl: string;
}

/** Waits until every client was looked at, nothing waits in Kafka and alerts are no longer written; not for ever. */
export async function untilEvaluated(options: EvaluationOptions): Promise<void> {
  const { connections, clickhouse, interrupts, longestMs } = options;
  const step = options.startStep("Look at every client");
  const admin = connectKafka(connections, "keypulse-start", silentLogger).admin();
  await admin.connect();
  try {
    const deadline = Date.now() + longestMs;
    let before = -1;
    for (let steady = 0; steady < steadyLooks; await sleep(pollMs)) {
      interrupts.check();
      const looked = await lookedAtEverybody(options.signalsUrl);
      const [alerts, lag] = await Promise.all([countAlerts(clickhouse), totalLag(admin, connections)]);
      steady = looked && lag === 0 && alerts === before ? steady + 1 : 0;
      before = alerts;
      step.progress(`${alerts.toLocaleString("en-GB")} alerts${lag > 0 ? `, ${lag} messages wait` : ""}`);
      if (Date.now() > deadline) {
        step.done(`not finished after ${Math.round(longestMs / 1000)} s, it goes on in the background`);
        return;
      }
    }
    step.done(`${before.toLocaleString("en-GB")} alerts found, most of them long past`);
  } catch (error) {
    step.fail("stopped");
    throw error;
  } finally {
    await admin.disconnect();
  }
}

async function lookedAtEverybody(signalsUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${signalsUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return /^keypulse_signals_clients_evaluated_total\{.*why="everybody".*\} [1-9]/m.test(await response.text());
  } catch {
    // Busy, or starting again.
    return false;
  }
}

async function countAlerts(clickhouse: ClickHouse): Promise<number> {
  const result = await clickhouse.query({
    query: "SELECT count() AS alerts FROM alerts_latest",
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ alerts: string }>();
  return Number(row?.alerts ?? 0);
}

/** Messages that a group of ours has not done with yet; what a group never read is not its own. */
async function totalLag(admin: Admin, connections: Connections): Promise<number> {
  const topics = allTopics(topicNames(connections.TOPIC_PREFIX));
  const ends = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic}:${partition}`, Number(high));
  }
  let lag = 0;
  for (const groupId of [
    connections.INGEST_GROUP,
    `${connections.INGEST_GROUP}-orders`,
    connections.SIGNALS_GROUP,
    connections.ALERT_GROUP,
  ]) {
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics })) {
      for (const { partition, offset } of partitions) {
        if (Number(offset) >= 0) lag += Math.max(0, (ends.get(`${topic}:${partition}`) ?? 0) - Number(offset));
      }
    }
  }
  return lag;
}
