import { connectKafka, connectProducer, ensureTopics, kafkaSettingsShape, silentLogger } from "@keypulse/engines";
import { createTestWorld, eventually, type TestWorld } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writePending } from "./pendingRange.ts";
import { createRangeConsumer, type RangeTask } from "./rangeConsumer.ts";

const decision = { fill: "a@b", duplicates: [1] };

describe("range consumer", () => {
  let world: TestWorld;
  let kafka: ReturnType<typeof connectKafka>;
  let runs = 0;
  beforeAll(async () => {
    world = await createTestWorld();
    const settings = z.object(kafkaSettingsShape).parse({ KAFKA_BROKERS: world.kafkaBrokers });
    kafka = connectKafka(settings, "test", silentLogger);
  });
  afterAll(async () => {
    await world.drop();
  });

  /** A consumer of a topic of its own, with one partition; `store` is what it does with a range. */
  async function consume(
    store: (task: RangeTask, send: (count: number) => Promise<void>) => Promise<void>,
    given?: string,
  ) {
    const topic = given ?? `${world.topicPrefix}${runs++}`;
    const groupId = `${topic}.group`;
    const admin = kafka.admin();
    await admin.connect();
    await ensureTopics(admin, [{ topic, partitions: 1 }], 1);
    const producer = await connectProducer(kafka);
    const send = async (count: number) => {
      await producer.send({ topic, messages: Array.from({ length: count }, () => ({ value: "x" })) });
    };
    if (given === undefined) await send(3);
    const consumer = createRangeConsumer(
      kafka,
      {
        groupId,
        topics: [topic],
        lifeOf: () => 1,
        checkTopics: async () => {},
        lost: async () => {},
        concurrency: 1,
        mostMessages: 100,
        mostBytes: 1_000_000,
        minBytes: 1,
        maxWaitMs: 100,
        sessionTimeoutMs: 6_000,
        stopWithinMs: 5_000,
      },
      silentLogger,
      async (task) => {
        await task.keep(task.last, decision);
        await store(task, send);
        return task.last;
      },
    );
    await consumer.start();
    return {
      consumer,
      send,
      topic,
      async committed() {
        const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
        const { offset, metadata } = offsets!.partitions[0]!;
        return { offset, metadata };
      },
      async end() {
        await consumer.stop();
        await producer.disconnect();
        await admin.disconnect();
      },
    };
  }

  it("stores a range again as exactly that range where storing it failed, whatever arrived meanwhile", async () => {
    const stored: string[] = [];
    let failures = 1;
    const { end } = await consume(async ({ first, last, messages, again }, send) => {
      stored.push(`${first}-${last}${again ? " again" : ""}`);
      expect(messages.map(({ offset }) => offset)).toEqual(
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      );
      if (failures-- > 0) {
        // The warehouse may have taken the range; only the answer was lost. A range cut anew would be stored beside it.
        await send(4);
        throw new Error("the connection broke");
      }
    });
    await eventually(
      async () => stored,
      (list) => list.some((range) => range.endsWith("-6") || range.endsWith("-6 again")),
    );
    expect(stored).toEqual(["0-2", "0-2 again", "3-6"]);
    await end();
  });

  it("finishes and commits the range in hand when it is stopped", async () => {
    let began = () => {};
    let finish = () => {};
    const inHand = new Promise<void>((resolve) => {
      began = resolve;
    });
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { consumer, end, committed } = await consume(async () => {
      began();
      await finished;
    });
    await inHand;
    expect(await committed()).toEqual({ offset: "0", metadata: writePending({ first: 0, last: 2, decision }, 1) });
    const ended = consumer.stop();
    finish();
    await ended;
    expect(await committed()).toEqual({ offset: "3", metadata: null });
    await end();
  });

  it("reads partitions that are added within half a minute, from their begin", { timeout: 60_000 }, async () => {
    const stored: string[] = [];
    const { end, topic } = await consume(async ({ partition, messages }) => {
      stored.push(...messages.map(({ value }) => `${partition}:${value}`));
    });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    await eventually(
      () =>
        producer.send({ topic, messages: [{ partition: 1, value: "new" }] }).then(
          () => true,
          () => false,
        ),
      (sent) => sent,
    );
    await eventually(
      async () => stored,
      (list) => list.includes("1:new"),
      30_000,
    );
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    await end();
  });

  describe("where producers use transactions", () => {
    /** One that is committed and one that is aborted, each with records of Kafka's own behind its messages. */
    const transact = async (topic: string, count: number, end: "commit" | "abort" | "leave", timeoutMs = 60_000) => {
      const producer = kafka.producer({
        transactionalId: `${topic}-${Math.random()}`,
        maxInFlightRequests: 1,
        idempotent: true,
        transactionTimeout: timeoutMs,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: Array.from({ length: count }, () => ({ value: "x" })) });
      if (end !== "leave") await transaction[end]();
      await producer.disconnect();
    };

    it("commits past what was aborted at the partition's end, and what is Kafka's own", async () => {
      const stored: number[] = [];
      const { end, committed, topic } = await consume(async ({ messages }) => {
        stored.push(...messages.map(({ offset }) => offset));
      });
      const offset = async () => (await committed()).offset;
      await eventually(offset, (at) => at === "3");
      await transact(topic, 5, "abort");
      // Five messages and the record that aborts them.
      await eventually(offset, (at) => at === "9");
      await transact(topic, 2, "commit");
      await eventually(offset, (at) => at === "12");
      expect(stored).toEqual([0, 1, 2, 9, 10]);
      await end();
    });

    it("does so at once after a start, where nothing else was read", async () => {
      const first = await consume(async () => {});
      await eventually(first.committed, ({ offset }) => offset === "3");
      await first.consumer.stop();
      await transact(first.topic, 5, "abort");
      const again = await consume(async () => {}, first.topic);
      await eventually(again.committed, ({ offset }) => offset === "9");
      await again.end();
      await first.end();
    });

    it("waits for one that was left open until Kafka aborts it, and goes on then", { timeout: 90_000 }, async () => {
      const stored: number[] = [];
      const { end, committed, topic, send } = await consume(async ({ messages }) => {
        stored.push(...messages.map(({ offset }) => offset));
      });
      const offset = async () => (await committed()).offset;
      await eventually(offset, (at) => at === "3");
      await transact(topic, 1, "leave", 1_000);
      await send(1);
      await eventually(offset, (at) => at === "6", 60_000);
      expect(stored).toEqual([0, 1, 2, 4]);
      await end();
    });
  });
});
