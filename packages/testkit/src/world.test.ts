import {
  connectClickHouse,
  connectKafka,
  connectRedis,
  ensureTopics,
  kafkaSettingsShape,
  silentLogger,
} from "@keypulse/engines";
import { describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { createTestWorld, type TestWorld } from "./index.ts";

describe("a test world", () => {
  test("has a database, topics and keys of its own, and leaves nothing behind", async () => {
    const one = await createTestWorld();
    const other = await createTestWorld();
    await fill(one);
    await fill(other);
    expect(await contents(one)).toEqual({ rows: 1, topics: [`${one.topicPrefix}t`], keys: [`${one.redisPrefix}k`] });

    await one.drop();

    expect(await contents(one)).toEqual({ rows: undefined, topics: [], keys: [] });
    expect(await contents(other)).toMatchObject({ rows: 1 });
  });

  test("lets the analyst read its database and nothing else", async () => {
    const world = await createTestWorld();
    await fill(world);
    const ask = async (query: string): Promise<string> => {
      const { origin } = new URL(inject("engines").analystUrl);
      const response = await fetch(origin, {
        method: "POST",
        body: query,
        headers: { authorization: `Basic ${btoa("analyst:analyst")}` },
      });
      return (await response.text()).trim();
    };
    expect(await ask(`SELECT count() FROM ${world.database}.t`)).toBe("1");
    expect(await ask(`INSERT INTO ${world.database}.t VALUES (2)`)).toContain("ACCESS_DENIED");
    expect(await ask("SELECT * FROM url('http://127.0.0.1/', 'CSV', 'a String')")).toContain("ACCESS_DENIED");
    expect(await ask("SELECT 1 SETTINGS max_execution_time = 1000")).toContain("SETTING_CONSTRAINT_VIOLATION");
  });
});

async function fill(world: TestWorld): Promise<void> {
  const clickhouse = clickHouseOf(world);
  await clickhouse.command({ query: "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a" });
  await clickhouse.insert({ table: "t", values: [{ a: 1 }], format: "JSONEachRow" });
  await clickhouse.close();
  const redis = redisOf(world);
  await redis.set(`${world.redisPrefix}k`, "1");
  redis.disconnect();
  const admin = adminOf(world);
  await admin.connect();
  await ensureTopics(admin, [{ topic: `${world.topicPrefix}t`, partitions: 1 }], 1);
  await admin.disconnect();
}

async function contents(world: TestWorld) {
  const clickhouse = clickHouseOf(world);
  const count = await clickhouse
    .query({ query: "SELECT count() AS n FROM t", format: "JSONEachRow" })
    .catch(() => undefined);
  const rows = await count?.json<{ n: string | number }>();
  await clickhouse.close();
  const redis = redisOf(world);
  const keys = await redis.keys(`${world.redisPrefix}*`);
  redis.disconnect();
  const admin = adminOf(world);
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(world.topicPrefix));
  await admin.disconnect();
  return { rows: rows?.[0] && Number(rows[0].n), topics, keys };
}

function clickHouseOf(world: TestWorld) {
  return connectClickHouse({ CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database }, "test");
}

function redisOf(world: TestWorld) {
  return connectRedis({ REDIS_URL: world.redisUrl, REDIS_PREFIX: world.redisPrefix }, "test", silentLogger);
}

function adminOf(world: TestWorld) {
  const settings = z.object(kafkaSettingsShape).parse({ ...process.env, KAFKA_BROKERS: world.kafkaBrokers });
  return connectKafka(settings, "test", silentLogger).admin();
}
