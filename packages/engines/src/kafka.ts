import kafkajs, {
  type Admin,
  CompressionTypes,
  type Consumer,
  Kafka,
  logLevel,
  Partitioners,
  type Producer,
  type SASLOptions,
} from "kafkajs";
import { z } from "zod";
import { registerCompression } from "./compression.ts";
import type { EngineLogger } from "./logger.ts";
import { retry } from "./retry.ts";

/** Not a name that ES modules may import from it. */
const { ConfigResourceTypes } = kafkajs;

/** How to reach Kafka. All from the environment; `ca`, `cert` and `key` are PEM texts. */
export const kafkaSettingsShape = {
  KAFKA_BROKERS: z
    .string()
    .default("127.0.0.1:19092")
    .transform((list) => list.split(",").map((broker) => broker.trim()))
    .pipe(
      z.array(z.string().regex(/^[^\s:]+:\d+$|^\[.+\]:\d+$/, "must be host:port, several parted by commas")).min(1),
    ),
  KAFKA_TLS: z.stringbool().default(false),
  KAFKA_TLS_CA: z.string().optional(),
  KAFKA_TLS_CERT: z.string().optional(),
  KAFKA_TLS_KEY: z.string().optional(),
  KAFKA_SASL_MECHANISM: z.enum(["plain", "scram-sha-256", "scram-sha-512"]).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
};

export type KafkaSettings = z.infer<z.ZodObject<typeof kafkaSettingsShape>>;

/** The one place that makes a kafkajs client. */
export function connectKafka(settings: KafkaSettings, clientId: string, logger: EngineLogger): Kafka {
  registerCompression();
  const levels = { [logLevel.ERROR]: "error", [logLevel.WARN]: "warn", [logLevel.INFO]: "debug" } as const;
  return new Kafka({
    clientId,
    brokers: settings.KAFKA_BROKERS,
    ssl: settings.KAFKA_TLS ? tlsOptions(settings) : false,
    ...(settings.KAFKA_SASL_MECHANISM ? { sasl: saslOptions(settings) } : {}),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: Number.MAX_SAFE_INTEGER, factor: 0.5, multiplier: 2 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      const level = levels[entry.level as keyof typeof levels] ?? "debug";
      const { message, timestamp: _timestamp, logger: _logger, ...details } = entry.log;
      logger[level]({ kafka: entry.namespace, ...details }, message);
    },
  });
}

function tlsOptions(settings: KafkaSettings) {
  return {
    ...(settings.KAFKA_TLS_CA ? { ca: [settings.KAFKA_TLS_CA] } : {}),
    ...(settings.KAFKA_TLS_CERT ? { cert: settings.KAFKA_TLS_CERT } : {}),
    ...(settings.KAFKA_TLS_KEY ? { key: settings.KAFKA_TLS_KEY } : {}),
  };
}

function saslOptions(settings: KafkaSettings): SASLOptions {
  return {
    mechanism: settings.KAFKA_SASL_MECHANISM!,
    username: settings.KAFKA_SASL_USERNAME ?? "",
    password: settings.KAFKA_SASL_PASSWORD ?? "",
  } as SASLOptions;
}

/** A producer whose retries are written once (idempotent) and whose acknowledgement means all in-sync replicas. */
export async function connectProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
}

/** Partitions that were added to a topic are read after this long; kafkajs looks every five minutes by itself. */
export const partitionsLookedForEveryMs = 15_000;

export interface TopicSpec {
  topic: string;
  partitions: number;
}

/**
 * When a message arrived is the broker's word: a producer's own time may be in seconds, of another day or wrong, and
 * ingest judges events by it.
 */
const arrivalTime = { name: "message.timestamp.type", value: "LogAppendTime" };

/** Creates what is missing, waits until it can be written to, and has existing topics stamped by the broker. */
export async function ensureTopics(admin: Admin, topics: TopicSpec[], replicationFactor: number): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  await stampByBroker(
    admin,
    topics.map(({ topic }) => topic).filter((topic) => existing.has(topic)),
  );
  const missing = topics.filter(({ topic }) => !existing.has(topic));
  if (missing.length === 0) return [];
  await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map(({ topic, partitions }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: [{ name: "max.message.bytes", value: String(4 * 1024 * 1024) }, arrivalTime],
    })),
  });
  const names = missing.map(({ topic }) => topic);
  // kafkajs' own wait gives up where the broker it asks has not heard of the topic yet, which is usual under load.
  await retry(() => untilLed(admin, names), { minDelayMs: 50, maxDelayMs: 500, attempts: 60 });
  return names;
}

/** Of a topic's configuration, what somebody set for it (`ConfigSource.TOPIC_CONFIG`). */
const setForTopic = 1;

async function stampByBroker(admin: Admin, topics: string[]): Promise<void> {
  if (topics.length === 0) return;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const others = resources.filter(({ configEntries }) =>
    configEntries.some(
      ({ configName, configValue }) => configName === arrivalTime.name && configValue !== arrivalTime.value,
    ),
  );
  if (others.length === 0) return;
  await admin.alterConfigs({
    validateOnly: false,
    resources: others.map(({ resourceName, configEntries }) => ({
      type: ConfigResourceTypes.TOPIC,
      name: resourceName,
      // What is not named falls back to the broker's default.
      configEntries: [
        ...configEntries
          .filter(({ configName, configSource }) => configSource === setForTopic && configName !== arrivalTime.name)
          .map(({ configName, configValue }) => ({ name: configName, value: configValue })),
        arrivalTime,
      ],
    })),
  });
}

/** @throws Error while a partition of the topics has no leader */
async function untilLed(admin: Admin, names: string[]): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  for (const { name, partitions } of topics) {
    if (partitions.length === 0 || partitions.some(({ leader }) => leader < 0))
      throw new Error(`${name} has no leader yet`);
  }
}

export { type Admin, CompressionTypes, ConfigResourceTypes, type Consumer, type Kafka, type Producer };
