import { buildEvent, createTestWorkspace, eventually, startService } from "@keypulse/testkit";
import { expect, it } from "vitest";

it("what Kafka's retention took away before it was read is counted and told, and the rest is stored", {
  timeout: 240_000,
}, async () => {
  const workspace = await createTestWorkspace({ settings: { TOPIC_PARTITIONS: "1" } });
  const topic = workspace.topics.events.order;
  const send = (count: number) => workspace.send(Array.from({ length: count }, () => buildEvent("order.placed")));
  const countOf = async () => (await workspace.rows<{ n: number }>("SELECT toUInt32(count()) AS n FROM events"))[0]!.n;
  const first = await startService("ingest", workspace.environment);
  await send(5);
  await workspace.untilIngested();
  await first.stop();
  await send(200);
  const admin = workspace.kafka.admin();
  await admin.connect();
  // kafkajs deletes only of a topic that it has asked for before.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "196" }] });
  const next = await startService("ingest", workspace.environment);
  try {
    await eventually(countOf, (n) => n === 14, 60_000);
    expect(await workspace.rows("SELECT partition, first_offset, last_offset, events FROM events_lost")).toEqual([
      { partition: 0, first_offset: 5, last_offset: 195, events: 191 },
    ]);
    expect(await next.metric("keypulse_ingest_events_lost_total")).toBe(191);
    await send(3);
    await workspace.untilIngested();
    expect(await countOf()).toBe(17);
  } finally {
    await admin.disconnect();
    await next.stop();
    await workspace.close();
  }
});
