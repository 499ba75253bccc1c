import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsoleWorld, createConsoleWorld } from "./testing/consoleWorld.ts";

describe("segments over the API", () => {
  const [ana, ben] = [randomUUID(), randomUUID()];
  let world: ConsoleWorld;

  beforeAll(async () => {
    world = await createConsoleWorld();
    const insert = (table: string, values: object[]) =>
      world.clickhouse.insert({ table, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
    const at = "2026-01-01 00:00:00.000";
    const visit = {
      occurred_at: at,
      received_at: at,
      source: "web",
      kind: "web",
      type: "web.page_viewed",
      activity: true,
    };
    await insert(
      "events",
      [ana, ana, ben].map((client_key, offset) => ({
        ...visit,
        client_key,
        offset,
        event_id: String(offset),
        topic: "t",
      })),
    );
    await insert(
      "client_traits",
      [ana, ben].map((subject_key, index) => ({
        subject_key,
        subject: "client",
        trait: "name",
        occurred_at: at,
        value: `"Client ${index}"`,
        source: "crm",
      })),
    );
  });
  afterAll(async () => await world?.close());

  const often = { sql: "events >= 2" };
  const errors = async (condition: object) => {
    const { status, body } = await world.call<{ error: string; detail: string }>("POST", "/v1/segments/preview", {
      condition,
    });
    return `${status} ${body.error} ${body.detail}`;
  };

  it("are tried out before they are kept", async () => {
    const { status, body } = await world.call("POST", "/v1/segments/preview", { condition: often });
    expect([status, body]).toEqual([
      200,
      { clients: 1, examples: [{ client_id: ana, name: "Client 0", revenue_365d: 0, last_order: null }] },
    ]);
  });

  it("are made, changed with their version in mind, and taken away", async () => {
    const made = await world.call<{ id: string; version: number }>("POST", "/v1/segments", {
      name: "Seen often",
      condition: often,
    });
    expect([made.status, made.body]).toMatchObject([
      201,
      { id: "seen-often", version: 1, clients: 0, condition: often },
    ]);
    const edit = { condition: { fields: { all: [{ field: "events", op: "<", value: 2 }] } } };
    expect((await world.call("PATCH", "/v1/segments/seen-often", edit, { "if-match": '"7"' })).status).toBe(409);
    expect(await world.call("PATCH", "/v1/segments/seen-often", edit, { "if-match": '"1"' })).toMatchObject({
      status: 200,
      body: { version: 2 },
    });
    await world.clickhouse.insert({
      table: "segment_changes",
      format: "JSONEachRow",
      values: [{ segment: "seen-often", client_id: ben, change: "entered", at: "2026-01-02 00:00:00.000", version: 2 }],
      clickhouse_settings: { async_insert: 0 },
    });
    expect((await world.call("GET", "/v1/segments")).body).toMatchObject({
      segments: [{ id: "seen-often", clients: 1 }],
    });
    expect((await world.call("GET", "/v1/segments/seen-often/members")).body).toEqual({
      members: [{ client_id: ben, name: "Client 1", since: "2026-01-02T00:00:00.000Z" }],
      next: null,
    });
    expect((await world.call("GET", "/v1/segments/seen-often/sizes")).body).toEqual({
      sizes: [{ at: "2026-01-02T00:00:00.000Z", clients: 1, entered: 1, left: 0 }],
    });
    expect((await world.call("DELETE", "/v1/segments/seen-often")).status).toBe(204);
    expect((await world.call("GET", "/v1/segments/seen-often")).status).toBe(404);
  });

  it.each([
    ["reads settings", { sql: "name IN (SELECT value FROM settings)" }, /400 .*"SELECT" can't stand in a condition/],
    ["reads a file", { sql: "file('/etc/passwd') != ''" }, /400 .*the function file can't be used/],
    ["ends the query", { sql: "1) SETTINGS max_threads = (1" }, /400 .*bracket/],
    ["names a column that is none", { sql: "colour = 1" }, /400 this condition can't be run condition: .*colour/],
    [
      "compares what can't be compared",
      { fields: { all: [{ field: "orders", op: "contains", value: "x" }] } },
      /400 this condition can't be run/,
    ],
    ["takes too long a detour", { sql: "length(name) > 1 AND abs(1, 2, 3) = 1" }, /400 this condition can't be run/],
    ["has no condition", { fields: { all: [] } }, /400 the body of this request/],
  ])("refuse one that %s, in words", async (_what, condition, says) => {
    expect(await errors(condition)).toMatch(says);
  });
});
