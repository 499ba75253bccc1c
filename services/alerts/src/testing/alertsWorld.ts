import { type Alert, alertSchema, type Signal, topicNames } from "@keypulse/contracts";
import {
  type ClickHouse,
  connectClickHouse,
  connectKafka,
  connectProducer,
  ensureTopics,
  type Kafka,
  silentLogger,
} from "@keypulse/engines";
import { createTestWorld } from "@keypulse/testkit";
import { migrate } from "@keypulse/warehouse";
import { onTestFinished, vi } from "vitest";
import { startAlerts } from "../app.ts";
import { readAlertsConfig } from "../config.ts";
import type { WebhookConsumer } from "../domain/webhook.ts";
import type { DeliveryAttempt } from "../outputs/deliveryTable.ts";

export interface TopicVersion {
  key: string;
  headers: Record<string, string>;
  alert: Alert;
}

/** Engines, tables and topics of one test, and what it needs to look at them. */
export interface AlertsWorld {
  environment: Record<string, string>;
  /** Starts the service as its process would be, and stops it when the test ends. */
  start(consumers: readonly WebhookConsumer[], settings?: Record<string, string>): ReturnType<typeof startAlerts>;
  send(values: readonly (Signal | string)[]): Promise<void>;
  /** Versions by money and version. */
  versions(): Promise<Pick<Alert, "id" | "version" | "state" | "reason" | "announced" | "money_at_stake">[]>;
  deliveries(): Promise<DeliveryAttempt[]>;
  /** The topic `alerts` from its beginning, as soon as it holds so many. */
  published(count: number): Promise<TopicVersion[]>;
}

/** Waits for a condition; nothing else tells how fast engines are. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

export async function createAlertsWorld(differences: Record<string, string> = {}): Promise<AlertsWorld> {
  const world = await createTestWorld();
  const environment = {
    ...world.environment,
    LOG_LEVEL: "silent",
    ALERT_GROUP: `${world.topicPrefix}alerts`,
    ALERT_WEBHOOK_ALLOW_PRIVATE: "true",
    ALERT_REQUEUE_INTERVAL_SECONDS: "0.2",
    ...differences,
  };
  const settings = readAlertsConfig(environment);
  const topics = topicNames(world.topicPrefix);
  const kafka = connectKafka(settings, "test", silentLogger);
  const [producer] = await Promise.all([
    connectProducer(kafka),
    createTopics(kafka, [topics.signals, topics.alerts]),
    migrate(settings, { timezone: "UTC", currency: "EUR" }),
  ]);
  const clickhouse = connectClickHouse(settings, "test");
  onTestFinished(async () => {
    await producer.disconnect();
    await clickhouse.close();
  });

  return {
    environment,
    async start(consumers, more = {}) {
      const service = await startAlerts(
        readAlertsConfig({ ...environment, ALERT_WEBHOOKS: JSON.stringify(consumers), ...more }),
      );
      let stopped: Promise<void> | undefined;
      const stop = () => {
        stopped ??= service.stop();
        return stopped;
      };
      onTestFinished(stop);
      return { ...service, stop };
    },
    async send(values) {
      await producer.send({
        topic: topics.signals,
        messages: values.map((value) =>
          typeof value === "string" ? { key: "?", value } : { key: value.client_id, value: JSON.stringify(value) },
        ),
      });
    },
    versions: () =>
      rowsOf(
        clickhouse,
        `SELECT id, version, state, reason, announced, toFloat64(money_at_stake) AS money_at_stake
         FROM alerts FINAL ORDER BY money_at_stake, id, version`,
      ),
    deliveries: () => rowsOf(clickhouse, "SELECT * FROM deliveries ORDER BY attempted_at, alert_id, version, attempt"),
    published: (count) => readTopic(kafka, topics.alerts, `${world.topicPrefix}reader-${Math.random()}`, count),
  };
}

async function createTopics(kafka: Kafka, topics: string[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await ensureTopics(
    admin,
    topics.map((topic) => ({ topic, partitions: 1 })),
    1,
  );
  await admin.disconnect();
}

async function rowsOf<T>(clickhouse: ClickHouse, query: string): Promise<T[]> {
  return await (await clickhouse.query({ query, format: "JSONEachRow" })).json<T>();
}

async function readTopic(kafka: Kafka, topic: string, groupId: string, count: number): Promise<TopicVersion[]> {
  const read: TopicVersion[] = [];
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
        read.push({
          key: String(message.key),
          headers: Object.fromEntries(headers),
          alert: alertSchema.parse(JSON.parse(String(message.value))),
        });
      },
    });
    await eventually(() => {
      if (read.length < count) throw new Error(`${read.length} of ${count} alerts are published`);
    });
  } finally {
    await consumer.disconnect();
  }
  return read;
}
