import { createTestWorld } from "@keypulse/testkit";
import kafkajs from "kafkajs";
import { compress } from "snappy";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decompressSnappy } from "./compression.ts";
import { connectKafka, ensureTopics, kafkaSettingsShape } from "./kafka.ts";
import { silentLogger } from "./logger.ts";

const { CompressionTypes } = kafkajs;

describe("compression", () => {
  it("reads what producers wrote with any of Kafka's compressions", async () => {
    const world = await createTestWorld();
    const kafka = connectKafka(z.object(kafkaSettingsShape).parse(world.environment), "test", silentLogger);
    const topic = `${world.topicPrefix}compressed`;
    const admin = kafka.admin();
    await admin.connect();
    await ensureTopics(admin, [{ topic, partitions: 1 }], 1);
    await admin.disconnect();
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const names = ["None", "GZIP", "Snappy", "LZ4", "ZSTD"] as const;
    for (const name of names) {
      await producer.send({
        topic,
        compression: CompressionTypes[name],
        messages: [{ value: `${name} ${"x".repeat(1_000)}` }],
      });
    }
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: `${world.topicPrefix}test` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const read: string[] = [];
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          read.push(message.value!.toString().split(" ")[0]!);
          if (read.length === names.length) resolve();
        },
      });
    });
    await consumer.disconnect();
    expect(read).toEqual(names);
  });

  it("reads the frame that Java's producers put around snappy blocks", async () => {
    const block = async (text: string) => {
      const bytes = (await compress(text)) as Buffer;
      const size = Buffer.alloc(4);
      size.writeUInt32BE(bytes.length);
      return Buffer.concat([size, bytes]);
    };
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const framed = Buffer.concat([header, await block("key "), await block("client")]);
    expect((await decompressSnappy(framed)).toString()).toBe("key client");
  });
});
