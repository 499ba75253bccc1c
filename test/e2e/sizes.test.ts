import { zstdCompressSync } from "node:zlib";
import { CompressionTypes } from "@keypulse/engines";
import {
  buildEvent,
  createTestWorkspace,
  type ServiceProcess,
  seededRandom,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Ingest reads messages of up to 1 MiB, copies of rejected ones have up to 512 KiB, and topics take batches of 4 MiB. */
const limits = { read: 1_048_576, copy: 524_288, request: 786_432, topic: 4_194_304 };

describe("messages of any size", () => {
  let workspace: TestWorkspace;
  let ingest: ServiceProcess;
  beforeAll(async () => {
    workspace = await createTestWorkspace({ settings: { TOPIC_PARTITIONS: "1" } });
    ingest = await startService("ingest", workspace.environment);
  });
  afterAll(async () => {
    await ingest?.stop();
    await workspace?.close();
  });

  const countOf = async (table: string) =>
    (await workspace.rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${table}`))[0]!.n;
  const bytesOfRejected = async () =>
    (
      await workspace.rows<{ bytes: number }>(
        "SELECT length(base64Decode(bytes)) AS bytes FROM rejected_events ORDER BY offset",
      )
    ).map(({ bytes }) => bytes);
  /** An order record of exactly so many bytes, or something that is none. */
  const orderOf = (bytes: number): Buffer => {
    const empty = JSON.stringify(
      buildEvent("order.placed", { properties: { order_id: "1", amount: "1", currency: "EUR", note: "" } }),
    );
    return Buffer.from(empty.replace('"note":""', `"note":"${"x".repeat(bytes - empty.length)}"`));
  };
  const noise = seededRandom(1);
  const garbageOf = (bytes: number): Buffer =>
    Buffer.from(Array.from({ length: bytes }, () => 97 + Math.floor(noise() * 26)));
  const send = (
    values: Buffer[],
    headers: Record<string, Buffer> = {},
    key: Buffer | null = null,
    compression?: CompressionTypes,
  ) =>
    workspace.producer.send({
      topic: workspace.topics.events.order,
      messages: values.map((value) => ({ key, value, headers })),
      ...(compression === undefined ? {} : { compression }),
    });
  /** Everything that is there is stored, and then what comes behind it. */
  const untilPast = async () => {
    await workspace.untilIngested();
    const before = await countOf("events");
    await workspace.send([buildEvent("order.placed")]);
    await workspace.untilIngested();
    expect(await countOf("events")).toBe(before + 1);
  };

  it("one of 4,194,200 bytes and one of 10 MB that zstd makes small are kept, and what follows is stored", async () => {
    await send([orderOf(limits.topic - 104)]);
    expect(zstdCompressSync(orderOf(10_000_000)).length).toBeLessThan(limits.copy);
    await send([orderOf(10_000_000)], {}, null, CompressionTypes.ZSTD);
    await untilPast();
    expect(await bytesOfRejected()).toEqual([limits.topic - 104, 10_000_000]);
  }, 60_000);

  it("around every limit, alone and many in one range, with large keys and headers", { timeout: 180_000 }, async () => {
    const random = seededRandom(Number(process.env.KEYPULSE_SIZES_SEED ?? 13));
    const near = (limit: number) => limit + Math.floor((random() - 0.5) * 2_000);
    const [eventsBefore, rejectedBefore] = [await countOf("events"), await countOf("rejected_events")];
    let sent = 0;
    for (let round = 0; round < 30; round++) {
      const limit = Object.values(limits)[round % 4]!;
      const make = random() < 0.5 ? orderOf : garbageOf;
      const room = limits.topic - 200;
      const large = Math.min(near(limit), room);
      // As many as one request of a producer takes, of sizes that add up to a limit too.
      const many = random() < 0.5 ? 1 : Math.max(1, Math.min(20, Math.floor(room / large)));
      const padding =
        many * large < room - 120_000 && random() < 0.5
          ? Buffer.alloc(Math.min(100_000, room - many * large - 20_000), "h")
          : undefined;
      const values = Array.from({ length: many }, () => make(large));
      await send(
        values,
        padding && many === 1 ? { note: padding } : {},
        padding && many === 1 && random() < 0.5 ? padding.subarray(0, 15_000) : null,
      );
      sent += many;
    }
    // Many of middling size in one range, whose copies are too much for one request.
    for (let times = 0; times < 40; times++) await send([garbageOf(90_000)]);
    sent += 40;
    await untilPast();
    const [events, rejected, duplicates] = [
      await countOf("events"),
      await countOf("rejected_events"),
      await countOf("duplicate_events"),
    ];
    expect(events - 1 - eventsBefore + (rejected - rejectedBefore) + duplicates).toBe(sent);
  });
});
