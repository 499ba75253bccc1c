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
  async function consume(store: (task: RangeTask, send: (count: number) => Promise<void>) => Promise<void>) {
    const topic = `${world.topicPrefix}${runs++}`;
    const groupId = `${topic}.group`;
    const admin = kafka.admin();
    await admin.connect();
    await ensureTopics(admin, [{ topic, partitions: 1 }], 1);
    const producer = await connectProducer(kafka);
    const send = async (count: number) => {
      await producer.send({ topic, messages: Array.from({ length: count }, () => ({ value: "x" })) });
    };
    await send(3);
    const consumer = createRangeConsumer(
      kafka,
      {
        groupId,
        topics: [topic],
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
    expect(await committed()).toEqual({ offset: "0", metadata: writePending({ first: 0, last: 2, decision }) });
    const ended = consumer.stop();
    finish();
    await ended;
    expect(await committed()).toEqual({ offset: "3", metadata: null });
    await end();
  });
});
