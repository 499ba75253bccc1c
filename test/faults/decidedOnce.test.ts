import { type EventKind, eventKinds } from "@keypulse/contracts";
import { buildEvent, createTestWorkspace, eventually, startService } from "@keypulse/testkit";
import { describe, expect, it } from "vitest";
import { heldInserts } from "./heldInserts.ts";

const typeOf = { email: "email.opened", web: "web.page_viewed", call: "call.started", order: "order.placed" } as const;
const first = 0;
const others = [1, 2, 3];

/**
 * Seed 70306 ended once with four rows too many. Of two messages with one id the second was stored as a duplicate, the
 * first was not stored yet, Redis was emptied and the workers were killed: then the second was claimed first, and a
 * range that was stored in part was stored again the other way round.
 */
describe("which of two messages with one id counts", () => {
  it("is decided once: a range that is stored again after Redis was emptied writes the same rows", {
    timeout: 240_000,
  }, async () => {
    const workspace = await createTestWorkspace({ settings: { TOPIC_PARTITIONS: "4", INGEST_CONCURRENCY: "16" } });
    const clickhouse = await heldInserts(workspace.environment.CLICKHOUSE_URL!);
    const environment = { ...workspace.environment, CLICKHOUSE_URL: clickhouse.url };
    const send = async (partitions: readonly number[], idsOf: (kind: EventKind, partition: number) => string[]) => {
      await workspace.producer.sendBatch({
        topicMessages: eventKinds.map((kind) => ({
          topic: workspace.topics.events[kind],
          messages: partitions.flatMap((partition) =>
            idsOf(kind, partition).map((id) => ({
              partition,
              value: JSON.stringify(buildEvent(typeOf[kind], { id })),
            })),
          ),
        })),
      });
    };
    const untilKept = (count: number) =>
      eventually(
        async () => clickhouse.kept.length,
        (kept) => kept >= count,
      );
    const partitionOf = (token: string) => Number(/:(\d+):\d+-\d+$/.exec(token)?.[1] ?? Number.NaN);
    clickhouse.rule = (table, token) => {
      const partition = partitionOf(token);
      if (partition === first) return "keep insert";
      return table === "duplicate_events" && others.includes(partition) ? "keep answer" : "pass";
    };
    const sentFirst = eventKinds.map((kind) => `first ${kind}`);
    const worker = await startService("ingest", environment);
    try {
      await send([first], (kind) => [`first ${kind}`]);
      await untilKept(eventKinds.length);
      // Each range has an event of its own beside the duplicates; whichever is claimed first after the crash, some
      // range that is stored already finds an id free that belongs to one that is not.
      await send(others, (kind, partition) => [...sentFirst, `own ${kind}:${partition}`]);
      await untilKept(eventKinds.length * (1 + others.length));
    } finally {
      await worker.kill();
    }
    // Emptied, as far as it is this test's.
    await workspace.redis.unlink(...(await workspace.redis.keys(`${workspace.world.redisPrefix}*`)));
    clickhouse.rule = () => "pass";
    const next = await startService("ingest", environment);
    try {
      await workspace.untilIngested();
      await send([first], (kind) => [`own ${kind}:1`, "new"]);
      await workspace.untilIngested();
      const places = async (table: string) => {
        const rows = await workspace.rows<{ place: string }>(
          `SELECT concat(substring(topic, position(topic, 'events.') + 7), ':', toString(partition), ':', toString(offset)) AS place
            FROM ${table} ORDER BY place`,
        );
        return rows.map(({ place }) => place);
      };
      const ofAll = (offsets: (partition: number) => number[]) =>
        eventKinds
          .flatMap((kind) => [first, ...others].flatMap((p) => offsets(p).map((offset) => `${kind}:${p}:${offset}`)))
          .sort();
      const stored = await places("events");
      const isNew = /:0:2$/;
      expect(stored.filter((place) => !isNew.test(place))).toEqual(ofAll((p) => (p === first ? [0] : [4])));
      expect(stored.filter((place) => isNew.test(place))).toHaveLength(1);
      const duplicates = await places("duplicate_events");
      expect(duplicates.filter((place) => !isNew.test(place))).toEqual(
        ofAll((p) => (p === first ? [1] : [0, 1, 2, 3])),
      );
      expect(duplicates.filter((place) => isNew.test(place))).toHaveLength(3);
    } finally {
      await next.stop();
      await clickhouse.close();
      await workspace.close();
    }
  });
});
