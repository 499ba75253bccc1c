import { type EventKind, type Topics, topicNames, vocabulary } from "@keypulse/contracts";
import {
  type ClickHouse,
  clickHouseSettingsShape,
  connectClickHouse,
  connectKafka,
  connectProducer,
  connectRedis,
  kafkaSettingsShape,
  type Producer,
  type Redis,
  redisSettingsShape,
  silentLogger,
} from "@keypulse/engines";
import { prepareWorkspace } from "@keypulse/infra";
import { settleAll } from "@keypulse/orders/store";
import { z } from "zod";
import type { EngineAddresses } from "./addresses.ts";
import type { SentEvent } from "./events.ts";
import { eventually } from "./eventually.ts";
import { createTestWorld, type TestWorld } from "./world.ts";

/** A test's world with tables and topics in it, and connections to look at it. */
export interface TestWorkspace {
  readonly world: TestWorld;
  /** Settings of a service in this world. */
  readonly environment: Readonly<Record<string, string>>;
  readonly topics: Topics;
  readonly clickhouse: ClickHouse;
  readonly producer: Producer;
  readonly redis: Redis;
  readonly kafka: ReturnType<typeof connectKafka>;
  /** Rows of a query in this world's database. */
  rows<T>(query: string): Promise<T[]>;
  /** Sends events to the topics of their kinds, keyed by their strongest identifier. */
  send(events: readonly SentEvent[]): Promise<void>;
  /**
   * Waits until the ingest group has committed all that Kafka has, and orders are settled: an event's row can be read a
   * moment before what views make of it, and only the commit comes after both.
   */
  untilIngested(): Promise<void>;
  /** Settles the orders of rows that were put into \`events\` past ingest. */
  settleOrders(): Promise<void>;
  close(): Promise<void>;
}

export async function createTestWorkspace(
  given: { engines?: EngineAddresses; settings?: Readonly<Record<string, string>> } = {},
): Promise<TestWorkspace> {
  const world = await createTestWorld(given.engines);
  const environment = {
    ...world.environment,
    INGEST_GROUP: `${world.topicPrefix}ingest`,
    SIGNALS_GROUP: `${world.topicPrefix}signals`,
    INGEST_SESSION_TIMEOUT_MS: "6000",
    LOG_LEVEL: "info",
    ...given.settings,
  };
  await prepareWorkspace(environment);
  const settings = z
    .object({ ...kafkaSettingsShape, ...clickHouseSettingsShape, ...redisSettingsShape })
    .parse(environment);
  const kafka = connectKafka(settings, "keypulse-test", silentLogger);
  const clickhouse = connectClickHouse(settings, "keypulse-test");
  const producer = await connectProducer(kafka);
  const redis = connectRedis(settings, "keypulse-test", silentLogger);
  const topics = topicNames(world.topicPrefix);

  return {
    world,
    environment,
    topics,
    clickhouse,
    producer,
    redis,
    kafka,
    async rows<T>(query: string): Promise<T[]> {
      const result = await clickhouse.query({
        query,
        format: "JSONEachRow",
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      });
      return await result.json<T>();
    },
    async send(events) {
      const byTopic = Map.groupBy(events, (event) => topics.events[topicKind(event)]);
      await producer.sendBatch({
        topicMessages: [...byTopic].map(([topic, list]) => ({
          topic,
          messages: list.map((event) => ({
            key: Object.entries(event.identifiers)[0]?.join(":") ?? null,
            value: JSON.stringify(event),
          })),
        })),
      });
    },
    async untilIngested() {
      const admin = kafka.admin();
      await admin.connect();
      try {
        // What ingest announces of orders before it commits is settled after it.
        const group = environment.INGEST_GROUP;
        for (const [topicsOfGroup, groupId] of [
          [Object.values(topics.events), group],
          [[topics.orders], `${group}-orders`],
        ] as const) {
          await eventually(
            () => uncommitted(admin, topicsOfGroup, groupId),
            (n) => n === 0,
            60_000,
          );
        }
      } finally {
        await admin.disconnect();
      }
    },
    async settleOrders() {
      await settleAll(clickhouse);
    },
    async close() {
      await producer.disconnect();
      await clickhouse.close();
      redis.disconnect();
      await world.drop();
    },
  };
}

/** Messages that Kafka has and the group has not committed. */
async function uncommitted(
  admin: ReturnType<ReturnType<typeof connectKafka>["admin"]>,
  topics: readonly string[],
  groupId: string,
): Promise<number> {
  const committed = new Map(
    (await admin.fetchOffsets({ groupId, topics: [...topics] })).flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}:${partition}`, Number(offset)]),
    ),
  );
  let messages = 0;
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      messages += Number(high) - Math.max(Number(low), committed.get(`${topic}:${partition}`) ?? 0);
    }
  }
  return messages;
}

function topicKind(event: SentEvent): EventKind {
  const { kind } = vocabulary[event.type];
  return kind === "identity" ? "web" : kind;
}
