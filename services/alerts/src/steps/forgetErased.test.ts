import { randomUUID } from "node:crypto";
import { connectClickHouse } from "@keypulse/engines";
import { expect, test } from "vitest";
import { readAlertsConfig } from "../config.ts";
import { createAlertsWorld, eventually } from "../testing/alertsWorld.ts";
import { startReceiver } from "../testing/receiver.ts";
import { aSignal } from "../testing/signals.ts";

test("what waits to be delivered about an erased client is taken away, the others' is not", async () => {
  const world = await createAlertsWorld({ ALERT_RETRY_SCHEDULE_SECONDS: "0,2,2,2,2,2,2,2,2" });
  const receiver = await startReceiver({ answer: (response) => response.writeHead(500).end() });
  await world.start([receiver.consumer]);
  const [gone, stays] = [aSignal(), aSignal({ client_id: "22222222-1111-8111-8111-111111111111" })];
  await world.send([gone, stays]);
  const tries = async () => Map.groupBy(await world.deliveries(), ({ alert_id }) => alert_id);
  await eventually(async () => expect((await tries()).size).toBe(2));

  const clickhouse = connectClickHouse(readAlertsConfig(world.environment), "test");
  const insert = (table: string, row: object) =>
    clickhouse.insert({ table, values: [row], format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
  const erasure_id = randomUUID();
  await insert("suppressed_keys", { key: gone.client_id, erasure_id, since: 1 });
  await insert("erasures", { id: erasure_id, version: 1, state: "running" });
  await eventually(async () => {
    const result = await clickhouse.query({
      query: "SELECT step, toUInt32(found) AS found FROM erasure_steps",
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual([{ step: "pending deliveries", found: 1 }]);
  });
  await clickhouse.close();
  // The other one is tried on and on; this one is not, once what was in hand is through.
  const counts = async () => [...(await tries()).values()].map((list) => list.length).toSorted((a, b) => a - b);
  await eventually(async () => {
    const [fewer, more] = await counts();
    expect(more! - fewer!).toBeGreaterThanOrEqual(2);
  });
});
