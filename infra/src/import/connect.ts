import { type Topics, topicNames } from "@keypulse/contracts";
import {
  type ClickHouse,
  ClickHouseError,
  connectClickHouse,
  connectKafka,
  connectProducer,
  type Producer,
  silentLogger,
  within,
} from "@keypulse/engines";
import { findRunningEngines } from "../engines/running.ts";
import { type Connections, type Environment, readConnections } from "../start/connections.ts";
import { ImportError } from "./importError.ts";

const hint = "Start Keypulse first (npm start), or name KAFKA_BROKERS and CLICKHOUSE_URL.";
const answerWithinMs = 10_000;

export interface Store {
  readonly connections: Connections;
  readonly clickhouse: ClickHouse;
  /** Differs between stores, also after one was removed and made again at the same address. */
  readonly identity: string;
}

/** Addresses that the environment names, else those of what runs in this folder. */
export function findConnections(
  folder: string,
  environment: Environment,
): { connections: Connections; known: boolean } {
  const running = findRunningEngines(folder)?.engines;
  const found: Environment = { KAFKA_BROKERS: running?.kafka?.url, CLICKHOUSE_URL: running?.clickhouse?.url };
  const named = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const all = { ...found, ...named };
  return { connections: readConnections(all), known: all.CLICKHOUSE_URL !== undefined };
}

const unknownTable = "60";
const unknownDatabase = "81";

/** @throws ImportError where ClickHouse is away, or has no tables of Keypulse's */
export async function openStore(connections: Connections): Promise<Store> {
  const clickhouse = connectClickHouse(connections, "keypulse-import");
  const { host } = new URL(connections.CLICKHOUSE_URL);
  try {
    const asked = clickhouse.query({
      query: "SELECT toString(min(applied_at)) AS born FROM schema_migrations",
      format: "JSONEachRow",
    });
    const answer = await within(answerWithinMs, asked, "no answer within 10 s");
    const [row] = await answer.json<{ born: string }>();
    const identity = `${host}/${connections.CLICKHOUSE_DATABASE} of ${row?.born}`;
    return { connections, clickhouse, identity };
  } catch (error) {
    await clickhouse.close();
    if (error instanceof ClickHouseError && [unknownTable, unknownDatabase].includes(error.code)) {
      throw new ImportError("ClickHouse has no tables of Keypulse's yet: npm start makes them.");
    }
    throw new ImportError(`ClickHouse does not answer at ${host} (${(error as Error).message.slice(0, 200)}). ${hint}`);
  }
}

export interface Target {
  readonly producer: Producer;
  readonly topics: Topics;
}

/** @throws ImportError where Kafka is away, or has no topics of Keypulse's */
export async function openTarget(connections: Connections): Promise<Target> {
  const kafka = connectKafka(connections, "keypulse-import", silentLogger);
  const topics = topicNames(connections.TOPIC_PREFIX);
  const admin = kafka.admin();
  const connecting = (async () => {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    await admin.disconnect();
    const missing = Object.values(topics.events).filter((topic) => !there.has(topic));
    if (missing.length > 0) {
      throw new ImportError(`Kafka has no topic ${missing.join(", ")} yet: npm start makes them.`);
    }
    return await connectProducer(kafka);
  })();
  const brokers = connections.KAFKA_BROKERS.join(", ");
  const away = `Kafka does not answer within 10 s at ${brokers}. ${hint}`;
  // Nobody waits for it any more once it is late.
  connecting.catch(() => {});
  const producer = await within(answerWithinMs, connecting, away).catch((error: Error) => {
    throw error instanceof ImportError ? error : new ImportError(error.message);
  });
  return { producer, topics };
}
