import { randomUUID } from "node:crypto";
import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { createTestWorld, type TestWorld } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "./index.ts";

describe("alerts and signals of a client that is merged", () => {
  const [small, large, alert, signal] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const at = "2026-03-29 00:30:00.000";
  let world: TestWorld;
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    world = await createTestWorld();
    const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
    await migrate(settings, { timezone: "America/New_York", currency: "USD" });
    clickhouse = connectClickHouse(settings, "test");
    const finding = {
      client_id: small,
      client_name: "Small Ltd",
      detector: "silence",
      channel: "orders",
      crossed_at: at,
    };
    await insert("signals", [{ ...finding, id: signal, state: "raised", detected_at: at, reason: "No order" }]);
    await insert(
      "alerts",
      [1, 2].map((version) => ({
        ...{ ...finding, id: alert, version, state: "open", opened_at: at, updated_at: at, signal_id: signal },
        reason: `No order, ${version}`,
      })),
    );
    await insert("identity_keys", [
      { key: small, contact_id: zeros, client_key: small, version: 1 },
      { key: large, contact_id: zeros, client_key: large, version: 1 },
    ]);
    await insert("client_traits", [
      { subject_key: large, subject: "client", trait: "name", occurred_at: at, value: '"Large plc"', source: "crm" },
    ]);
  });
  afterAll(async () => {
    await clickhouse.close();
    await world.drop();
  });

  const zeros = "00000000-0000-0000-0000-000000000000";
  const insert = (table: string, values: object[]) =>
    clickhouse.insert({ table, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
  const rows = async (query: string) =>
    await (await clickhouse.query({ query, format: "JSONEachRow" })).json<Record<string, unknown>>();
  const views = ["alerts_latest", "alerts_open", "alert_history", "signal_history"];
  const clientsShown = async () =>
    await Promise.all(
      views.map(async (view) => (await rows(`SELECT DISTINCT client_id AS id, client_name AS name FROM ${view}`))[0]),
    );

  it("are the client's own before", async () => {
    expect(await clientsShown()).toEqual(views.map(() => ({ id: small, name: "Small Ltd" })));
  });

  it("show under the merged client, with its name of now beside that of then, and go back after an unmerge", async () => {
    await insert("identity_clients", [{ key: small, client_id: large, version: 2 }]);
    expect(await clientsShown()).toEqual(views.map(() => ({ id: large, name: "Large plc" })));
    expect(await rows("SELECT client_name_then, version, reason FROM alerts_latest")).toEqual([
      { client_name_then: "Small Ltd", version: 2, reason: "No order, 2" },
    ]);
    expect(await rows("SELECT version FROM alert_history ORDER BY version")).toEqual([{ version: 1 }, { version: 2 }]);

    await insert("identity_clients", [{ key: small, client_id: small, version: 3 }]);
    expect(await clientsShown()).toEqual(views.map(() => ({ id: small, name: "Small Ltd" })));
  });

  it("have their day in the workspace's time zone", async () => {
    expect(await rows("SELECT opened_day FROM alerts_latest")).toEqual([{ opened_day: "2026-03-28" }]);
  });
});
