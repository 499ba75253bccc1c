import { randomUUID } from "node:crypto";
import { connectClickHouse } from "@keypulse/engines";
import { erasedPerson, fillSubject, personalTables } from "@keypulse/warehouse";
import { expect, test } from "vitest";
import { readAlertsConfig } from "../config.ts";
import { createAlertsWorld, eventually } from "../testing/alertsWorld.ts";
import { startReceiver } from "../testing/receiver.ts";
import { aSignal } from "../testing/signals.ts";

test("what waits to be delivered about an erased client is taken away, the others' is not; a company's is sent without the person", async () => {
  const world = await createAlertsWorld({
    ALERT_RETRY_SCHEDULE_SECONDS: "0,2,2,2,2,2,2,2,2,2,2,2",
    ALERT_REQUEUE_INTERVAL_SECONDS: "1",
    ALERT_FORGET_INTERVAL_SECONDS: "1",
  });
  const receiver = await startReceiver({ answer: (response) => response.writeHead(500).end() });
  await world.start([receiver.consumer]);
  const [gone, stays] = [aSignal(), aSignal({ client_id: "22222222-1111-8111-8111-111111111111" })];
  const company = aSignal({
    client_id: "33333333-1111-8111-8111-111111111111",
    client_name: "Ana Ortega",
    reason: "ANA ORTEGA, who decides, went silent; Ana Ortegas did not",
  });
  await world.send([gone, stays, company]);
  const tries = async () => Map.groupBy(await world.deliveries(), ({ alert_id }) => alert_id);
  await eventually(async () => expect((await tries()).size).toBe(3));

  const clickhouse = connectClickHouse(readAlertsConfig(world.environment), "test");
  const insert = (table: string, row: object) =>
    clickhouse.insert({ table, values: [row], format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
  const erasure_id = randomUUID();
  await insert("suppressed_keys", { key: gone.client_id, erasure_id, since: 1 });
  const called = { mentions: ["Ana Ortega"], clients: [company.client_id] };
  await insert("erasures", { id: erasure_id, version: 1, state: "running", ...called });
  const steps = async () => {
    const result = await clickhouse.query({
      query: "SELECT step, found >= 2 AS several FROM erasure_steps",
      format: "JSONEachRow",
    });
    return await result.json();
  };
  const { change } = personalTables.find(({ table }) => table === "alerts")!;
  const fill = (text: string) => fillSubject(text, { keys: `'${gone.client_id}'`, names: [], ...called });
  // Until the console has taken the name out of the alerts, it might be enqueued again.
  await new Promise((done) => setTimeout(done, 2_500));
  expect(await steps()).toEqual([]);
  await clickhouse.command({
    query: `ALTER TABLE alerts UPDATE ${fill(change!.set)} WHERE ${fill(change!.where)}`,
    clickhouse_settings: { mutations_sync: "2" },
  });
  await eventually(async () => expect(await steps()).toEqual([{ step: "pending deliveries", several: 1 }]));
  await eventually(async () => {
    const last = receiver.received.findLast(({ body }) => body.data.client_id === company.client_id)!.body.data;
    expect(last).toMatchObject({
      client_name: erasedPerson,
      reason: `${erasedPerson}, who decides, went silent; Ana Ortegas did not`,
      findings: [{ reason: `${erasedPerson}, who decides, went silent; Ana Ortegas did not` }],
    });
  });
  await clickhouse.close();
  // The other one is tried on and on; this one is not, once what was in hand is through.
  const ofCompany = receiver.received.find(({ body }) => body.data.client_id === company.client_id)!.body.data.id;
  const counts = async () =>
    [...(await tries())]
      .filter(([id]) => id !== ofCompany)
      .map(([, list]) => list.length)
      .toSorted((a, b) => a - b);
  await eventually(async () => {
    const [fewer, more] = await counts();
    expect(more! - fewer!).toBeGreaterThanOrEqual(2);
  });
});
