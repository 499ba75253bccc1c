import { ensureTopics } from "@keypulse/engines";
import { prepareWorkspace } from "@keypulse/infra";
import { buildEvent, createTestWorkspace, eventually, ownEngines, type TestWorkspace } from "@keypulse/testkit";
import { describe, expect, it } from "vitest";
import { SupervisedWorker } from "./workers.ts";

const orders = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => buildEvent("order.placed", { id: `order-${from + i}` }));

const countOf = async (workspace: TestWorkspace, table: string, where = "1") =>
  (await workspace.rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${table} WHERE ${where}`))[0]!.n;

/** Every sum after 60 events in the first life, and 120 others and 20 of the first again in the second. */
async function expectAll(workspace: TestWorkspace, topic: string) {
  const inSecond = `topic = '${topic}@2'`;
  await eventually(
    async () =>
      (await countOf(workspace, "events", inSecond)) + (await countOf(workspace, "duplicate_events", inSecond)),
    (rows) => rows >= 140,
    60_000,
  );
  await workspace.untilIngested();
  const one = async (query: string) =>
    (await workspace.rows<{ n: number }>(`SELECT toUInt32(${query}) AS n FROM events`))[0]!.n;
  expect({
    events: await one("count()"),
    ids: await one("uniqExact(event_id)"),
    ofFirst: await one(`countIf(topic = '${topic}' AND toUInt32(substring(event_id, 7)) < 60)`),
    activity: (await workspace.rows<{ n: number }>("SELECT toUInt32(sum(events)) AS n FROM activity_daily"))[0]!.n,
  }).toEqual({ events: 180, ids: 180, ofFirst: 60, activity: 180 });
  // Each message has a place in the life that it is of; what was read before the topic was looked at may have one in both.
  const places = ["events", "duplicate_events"].map((table) => countOf(workspace, table, inSecond));
  expect((await Promise.all(places)).reduce((sum, n) => sum + n)).toBe(140);
}

async function remake(workspace: TestWorkspace, topic: string): Promise<void> {
  const admin = workspace.kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await eventually(
    async () => (await admin.listTopics()).includes(topic),
    (there) => !there,
  );
  await eventually(
    () =>
      ensureTopics(admin, [{ topic, partitions: 1 }], 1).then(
        () => true,
        () => false,
      ),
    (made) => made,
  );
  await admin.disconnect();
}

describe("a topic that is another one than before", () => {
  it("deleted and made again while it is read: nothing of either is lost or counts twice", {
    timeout: 240_000,
  }, async () => {
    const workspace = await createTestWorkspace({ settings: { TOPIC_PARTITIONS: "1" } });
    const topic = workspace.topics.events.order;
    const worker = await SupervisedWorker.start(workspace.environment);
    try {
      await workspace.send(orders(0, 60));
      await workspace.untilIngested();
      await remake(workspace, topic);
      // A range like one that is stored already, by its offsets.
      await workspace.send(orders(100, 57));
      await workspace.send(orders(157, 63));
      await workspace.send(orders(0, 20));
      await expectAll(workspace, topic);
      expect(worker.ownEnds).toBeGreaterThan(0);
    } finally {
      await worker.stop();
      await workspace.close();
    }
  });

  it("made again beside a store of a version that knew of no such thing", { timeout: 240_000 }, async () => {
    const workspace = await createTestWorkspace({ settings: { TOPIC_PARTITIONS: "1" } });
    const topic = workspace.topics.events.order;
    const worker = await SupervisedWorker.start(workspace.environment);
    await workspace.send(orders(0, 60));
    await workspace.untilIngested();
    await worker.stop();
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE topic_lives" });
    await remake(workspace, topic);
    await workspace.send(orders(100, 50));
    const next = await SupervisedWorker.start(workspace.environment);
    try {
      await workspace.send(orders(150, 70));
      await workspace.send(orders(0, 20));
      await expectAll(workspace, topic);
    } finally {
      await next.stop();
      await workspace.close();
    }
  });

  it("another Kafka beside the same ClickHouse and Redis", { timeout: 240_000 }, async () => {
    const workspace = await createTestWorkspace({ settings: { TOPIC_PARTITIONS: "1" } });
    const topic = workspace.topics.events.order;
    const other = await ownEngines({ need: ["kafka"] });
    const worker = await SupervisedWorker.start(workspace.environment);
    try {
      await workspace.send(orders(0, 60));
      await workspace.untilIngested();
      await worker.stop();
      const environment = { ...workspace.environment, KAFKA_BROKERS: other.kafkaBrokers };
      await prepareWorkspace(environment);
      const next = await SupervisedWorker.start(environment);
      const { connectKafka, connectProducer, kafkaSettingsShape, silentLogger } = await import("@keypulse/engines");
      const { z } = await import("zod");
      const kafka = connectKafka(z.object(kafkaSettingsShape).parse(environment), "test", silentLogger);
      const producer = await connectProducer(kafka);
      for (const part of [orders(100, 57), orders(157, 63), orders(0, 20)]) {
        await producer.send({ topic, messages: part.map((event) => ({ value: JSON.stringify(event) })) });
      }
      await expectAll(workspace, topic);
      await producer.disconnect();
      await next.stop();
    } finally {
      await worker.kill();
      await other.stop();
      await workspace.close();
    }
  });
});
