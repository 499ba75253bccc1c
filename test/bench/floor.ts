import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, silentLogger } from "@keypulse/engines";
import { readIngestConfig } from "../../services/ingest/src/config.ts";

/**
 * The floor: kafkajs eachBatch → JSON.parse → the same rows inserted as JSONEachRow, and nothing else. No validation, no
 * duplicates, no identities, no exactly-once, no views. A process of its own, fetching as the worker does.
 */
const settings = readIngestConfig();

interface FloorEvent {
  id: string;
  source: string;
  type: string;
  occurred_at: string;
  identifiers: Record<string, string>;
  properties: Record<string, unknown> & {
    items?: { sku: string; name: string; quantity: string; unit_price: string }[];
  };
}

const clickhouse = connectClickHouse(settings, "floor", { maxConnections: 12 });
const consumer = connectKafka(settings, "floor", silentLogger).consumer({
  groupId: settings.INGEST_GROUP,
  minBytes: settings.INGEST_MIN_BYTES,
  maxWaitTimeInMs: settings.INGEST_MAX_WAIT_MS,
  maxBytes: settings.INGEST_BATCH_BYTES * 2,
  maxBytesPerPartition: settings.INGEST_BATCH_BYTES,
});
await consumer.connect();
await consumer.subscribe({ topics: Object.values(topicNames(settings.TOPIC_PREFIX).events), fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: settings.INGEST_CONCURRENCY,
  eachBatch: async ({ batch }) => {
    const { topic, partition, messages } = batch;
    const batchDate = new Date(Number(messages[0]!.timestamp)).toISOString().slice(0, 10);
    await clickhouse.insert({
      table: "events_floor",
      format: "JSONEachRow",
      values: messages.map(({ value, offset, timestamp }) => {
        const event = JSON.parse(value!.toString()) as FloorEvent;
        const { order_id, amount, currency, items, duration_seconds, direction, url, link, message_id, ...other } =
          event.properties;
        // A key of the right shape without the cost of a hash.
        const key = `00000000-0000-8000-8000-${event.identifiers.account_id!.slice(2).padStart(12, "0")}`;
        return {
          client_key: key,
          contact_key: key,
          occurred_at: Date.parse(event.occurred_at),
          event_id: event.id,
          source: event.source,
          kind: event.type.slice(0, event.type.indexOf(".")),
          type: event.type,
          activity: true,
          revenue_sign: items === undefined ? 0 : 1,
          order_id: order_id ?? "",
          amount: amount ?? "0",
          currency: currency ?? "",
          items: items ?? [],
          duration_seconds: duration_seconds ?? 0,
          direction: direction ?? "",
          url: link ?? url ?? "",
          message_id: message_id ?? "",
          identifiers: event.identifiers,
          properties: JSON.stringify(other),
          traits: "",
          topic,
          partition,
          offset: Number(offset),
          received_at: Number(timestamp),
          batch_date: batchDate,
        };
      }),
      clickhouse_settings: { async_insert: 0 },
    });
  },
});
process.on("SIGTERM", async () => {
  await consumer.disconnect();
  await clickhouse.close();
  process.exit(0);
});
