import { randomBytes } from "node:crypto";
import { connectKafka, connectRedis, kafkaSettingsShape, silentLogger } from "@keypulse/engines";
import { inject, onTestFinished } from "vitest";
import { z } from "zod";
import type { EngineAddresses } from "./addresses.ts";

/** A test's own part of the engines: topics, a database and keys that no other test has. */
export interface TestWorld extends EngineAddresses {
  readonly topicPrefix: string;
  /** Exists and is empty. */
  readonly database: string;
  readonly redisPrefix: string;
  /** All of it as the settings that services read. */
  readonly environment: Readonly<Record<string, string>>;
  /** Removes all of it, with consumer groups that start with `topicPrefix`. */
  drop(): Promise<void>;
}

/**
 * Made in a test, a world on the run's engines is dropped when the test ends; made in `beforeAll`, drop it in
 * `afterAll`. On engines of one's own (`ownEngines()`) it goes with them.
 */
export async function createTestWorld(engines?: EngineAddresses): Promise<TestWorld> {
  const on = engines ?? inject("engines");
  const id = randomBytes(5).toString("hex");
  const names = { topicPrefix: `kp-${id}.`, database: `kp_${id}`, redisPrefix: `kp-${id}:` };
  await command(on.clickhouseUrl, `CREATE DATABASE ${names.database}`);
  let dropped: Promise<void> | undefined;
  const drop = (): Promise<void> => {
    dropped ??= dropWorld(on, names);
    return dropped;
  };
  if (!engines) whenTestFinished(drop);
  return {
    ...names,
    kafkaBrokers: on.kafkaBrokers,
    clickhouseUrl: on.clickhouseUrl,
    analystUrl: on.analystUrl,
    redisUrl: on.redisUrl,
    environment: {
      KAFKA_BROKERS: on.kafkaBrokers,
      TOPIC_PREFIX: names.topicPrefix,
      CLICKHOUSE_URL: on.clickhouseUrl,
      CLICKHOUSE_DATABASE: names.database,
      REDIS_URL: on.redisUrl,
      REDIS_PREFIX: names.redisPrefix,
    },
    drop,
  };
}

function whenTestFinished(work: () => Promise<void>): void {
  try {
    onTestFinished(work);
  } catch {
    // Outside a test, in beforeAll: whoever made the world drops it.
  }
}

async function dropWorld(engines: EngineAddresses, names: Pick<TestWorld, "topicPrefix" | "database" | "redisPrefix">) {
  await Promise.all([
    command(engines.clickhouseUrl, `DROP DATABASE IF EXISTS ${names.database} SYNC`),
    dropTopics(engines.kafkaBrokers, names.topicPrefix),
    dropKeys(engines.redisUrl, names.redisPrefix),
  ]);
}

async function dropTopics(brokers: string, prefix: string): Promise<void> {
  const settings = z.object(kafkaSettingsShape).parse({ ...process.env, KAFKA_BROKERS: brokers });
  const admin = connectKafka(settings, "keypulse-testkit", silentLogger).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const { groups } = await admin.listGroups();
    const groupIds = groups.map((group) => group.groupId).filter((group) => group.startsWith(prefix));
    // A group whose consumer a failed test left running can't be deleted; it disturbs nobody.
    if (groupIds.length > 0) await admin.deleteGroups(groupIds).catch(() => undefined);
  } finally {
    await admin.disconnect();
  }
}

async function dropKeys(url: string, prefix: string): Promise<void> {
  const redis = connectRedis({ REDIS_URL: url, REDIS_PREFIX: prefix }, "keypulse-testkit", silentLogger);
  try {
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", `${prefix}*`, "COUNT", 1_000);
      if (keys.length > 0) await redis.unlink(...keys);
      cursor = next;
    } while (cursor !== "0");
  } finally {
    redis.disconnect();
  }
}

/** A statement without an answer, through HTTP alone. */
async function command(url: string, statement: string): Promise<void> {
  const { origin, username, password } = new URL(url);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const response = await fetch(origin, {
    method: "POST",
    body: statement,
    headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`ClickHouse refuses "${statement}": ${text.trim()}`);
}
