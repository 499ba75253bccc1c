import { type OwnEngines, ownEngines } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kafkaAnswers, redisAnswers } from "./probes.ts";

describe("native engines", () => {
  let engines: OwnEngines;
  beforeAll(async () => {
    engines = await ownEngines();
  });
  afterAll(() => engines.stop());

  async function ask(query: string): Promise<string> {
    const { origin } = new URL(engines.clickhouseUrl);
    const response = await fetch(origin, {
      method: "POST",
      body: query,
      headers: { authorization: `Basic ${btoa("keypulse:keypulse")}` },
    });
    return (await response.text()).trim();
  }

  test("ClickHouse keeps what it stored over SIGKILL, on the same port", async () => {
    const clickhouse = engines.native.clickhouse!;
    await ask("CREATE DATABASE kp_kept");
    await ask("CREATE TABLE kp_kept.t (a UInt32) ENGINE = MergeTree ORDER BY a");
    await ask("INSERT INTO kp_kept.t SELECT number FROM numbers(1000)");
    const before = clickhouse.pid;

    await clickhouse.kill();
    expect(clickhouse.pid).toBeUndefined();
    await expect(ask("SELECT 1")).rejects.toThrow();
    await clickhouse.start();

    expect(await ask("SELECT count(), sum(a) FROM kp_kept.t")).toBe("1000\t499500");
    expect(clickhouse.pid).not.toBe(before);
  });

  test("Redis keeps what it stored over SIGKILL", async () => {
    const redis = engines.native.redis!;
    const port = Number(new URL(redis.url).port);
    const { connectRedis, silentLogger } = await import("@keypulse/engines");
    const client = connectRedis({ REDIS_URL: redis.url, REDIS_PREFIX: "" }, "test", silentLogger);
    await client.set("kept", "yes");
    await redis.kill();
    await expect(redisAnswers(port)).rejects.toThrow();
    await redis.start();
    expect(await client.get("kept")).toBe("yes");
    client.disconnect();
  });

  test("Kafka keeps its topics over a restart and is back within seconds", async () => {
    const kafka = engines.native.kafka!;
    const { connectKafka, ensureTopics, kafkaSettingsShape, silentLogger } = await import("@keypulse/engines");
    const { z } = await import("zod");
    const settings = z.object(kafkaSettingsShape).parse({ KAFKA_BROKERS: engines.kafkaBrokers });
    const admin = connectKafka(settings, "test", silentLogger).admin();
    await admin.connect();
    await ensureTopics(admin, [{ topic: "kept", partitions: 2 }], 1);
    await kafka.restart();
    expect(await kafkaAnswers(Number(engines.kafkaBrokers.split(":")[1]))).toBe(true);
    expect(await admin.listTopics()).toContain("kept");
    await admin.disconnect();
  });
});
