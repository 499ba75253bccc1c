import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiToken, type ConsoleWorld, createConsoleWorld } from "./testing/consoleWorld.ts";
import { eventRow, insertRows, rejectedRow, rowOf } from "./testing/storedRows.ts";

interface Health {
  health: string;
  reason: string;
  last_event: { occurred_at: string; received_at: string } | null;
  events_last_day: number;
  refused_share: number;
  events_ever: number;
  last_hour: { minute: string; events: number }[];
  last_day: Record<string, unknown>;
  typical_gap_seconds: number | null;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const acme = "11111111-1111-8111-8111-111111111111";
const client = "22222222-2222-8222-8222-222222222222";

describe("watching a source", () => {
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await createConsoleWorld();
    await insertRows(world.clickhouse, "identity_keys", [
      { key: acme, contact_id: acme, client_key: client, version: 1 },
    ]);
    await insertRows(world.clickhouse, "client_traits", [
      { subject_key: acme, subject: "client", trait: "name", occurred_at: 1, value: '"Acme"', source: "crm" },
    ]);
  });
  afterAll(async () => await world?.close());

  const wire = async (id: string) => {
    await world.call("POST", "/v1/sources", { id, name: id, connector: "kafka" });
  };
  const insert = (table: string, rows: object[]) => insertRows(world.clickhouse, table, rows);
  const healthOf = async (id: string) => (await world.call<Health>("GET", `/v1/sources/${id}/health`)).body;

  it("counts what arrived: by minute and type, refused, duplicates, gaps, clocks, strangers", async () => {
    await wire("shop");
    const now = Date.now();
    await insert("events", [
      ...[10, 20, 30, 30].map((minutes) => eventRow("shop", now - minutes * minuteMs, { client_key: acme })),
      eventRow("shop", now - 5 * hourMs, { type: "order.placed", kind: "order" }),
      eventRow("shop", now - 30 * hourMs),
      eventRow("another", now - minuteMs),
    ]);
    await insert("duplicate_events", [{ ...rowOf("shop", now - minuteMs), event_id: "event-1" }]);
    await insert("rejected_events", [
      rejectedRow("shop", now - 2 * minuteMs, "no_meaning", "{}"),
      rejectedRow("shop", now - 2 * minuteMs, "test", "{}"),
    ]);
    const health = await healthOf("shop");
    expect(health).toMatchObject({
      health: "ok",
      reason: "The last event arrived 10 min ago; 5 events in 24 hours.",
      events_ever: 6,
      events_last_day: 5,
      refused_share: 0,
      last_event: { received_at: new Date(now - 10 * minuteMs).toISOString() },
      typical_gap_seconds: 600,
      last_day: {
        by_type: { "web.page_viewed": 4, "order.placed": 1 },
        refused: { no_meaning: 1, test: 1 },
        duplicates: 1,
        unknown_client_share: 0.2,
        clock_skew_seconds: 2,
      },
    });
    expect(health.last_hour).toHaveLength(60);
    const busy = health.last_hour.filter(({ events }) => events > 0).map(({ events }) => events);
    expect(busy).toEqual([2, 1, 1]);
    const { body } = await world.call<{ sources: { id: string; health: Health }[] }>("GET", "/v1/sources");
    expect(body.sources.find(({ id }) => id === "shop")?.health).toMatchObject({ health: "ok", events_last_day: 5 });
  });

  it("says refused where a tenth of what arrives can't be used, and pages through it", async () => {
    await wire("clumsy");
    const now = Date.now();
    await insert(
      "events",
      Array.from({ length: 8 }, () => eventRow("clumsy", now - minuteMs)),
    );
    await insert("rejected_events", [
      rejectedRow("clumsy", now - 3 * minuteMs, "invalid", '{"id": "é"}'),
      rejectedRow("clumsy", now - 2 * minuteMs, "malformed", Buffer.from([0xff, 0x00, 0xfe])),
    ]);
    expect(await healthOf("clumsy")).toMatchObject({
      health: "refused",
      refused_share: 0.2,
      reason: expect.stringMatching(/^20 % .*\(2 of 10\), most often for the reason (invalid|malformed) \(1\)\.$/),
    });
    interface Page {
      rejected: { reason: string; text: string | null; base64: string | null; headers: object; detail: string }[];
      next: string | null;
    }
    const page = async (query: string) =>
      (await world.call<Page>("GET", `/v1/sources/clumsy/rejected?limit=1${query}`)).body;
    const first = await page("");
    expect(first.rejected).toMatchObject([{ reason: "malformed", text: null, base64: "/wD+" }]);
    const second = await page(`&after=${first.next}`);
    expect(second).toMatchObject({
      next: null,
      rejected: [
        {
          reason: "invalid",
          text: '{"id": "é"}',
          detail: "because of invalid",
          headers: { keypulse_refused: "invalid" },
        },
      ],
    });
    expect((await page("&reason=malformed")).next).toBeNull();
  });

  it("tells quiet from broken by the source's own gaps", async () => {
    const now = Date.now();
    const hourly = (id: string, silentHours: number) =>
      Array.from({ length: 28 * 24 - silentHours }, (_, hour) =>
        eventRow(id, now - (silentHours + hour) * hourMs - minuteMs, {
          occurred_at: now - (silentHours + hour) * hourMs - minuteMs,
        }),
      );
    for (const [id, silentHours] of [
      ["steady", 0],
      ["silent", 3],
      ["dead", 24],
    ] as const) {
      await wire(id);
      await insert("events", hourly(id, silentHours));
    }
    expect((await healthOf("steady")).health).toBe("ok");
    expect(await healthOf("silent")).toMatchObject({
      health: "quiet",
      reason: expect.stringContaining("No event for 3 h"),
    });
    expect(await healthOf("dead")).toMatchObject({
      health: "broken",
      reason: expect.stringContaining("an outage from 6 h on"),
    });
  });

  it("judges a young source by its longest gap", async () => {
    await wire("young");
    const now = Date.now();
    await insert(
      "events",
      Array.from({ length: 30 }, (_, index) => eventRow("young", now - (40 + index) * minuteMs)),
    );
    expect(await healthOf("young")).toMatchObject({
      health: "quiet",
      reason: "No event for 40 min: its longest gap so far was 60 s.",
    });
  });

  it("takes the end of a file for no silence", async () => {
    await world.call("POST", "/v1/sources", { id: "history", name: "Past orders", connector: "file" });
    const now = Date.now();
    await insert(
      "events",
      Array.from({ length: 60 }, (_, day) =>
        eventRow("history", now - hourMs, { occurred_at: now - day * 24 * hourMs }),
      ),
    );
    expect((await healthOf("history")).health).toBe("ok");
    expect((await world.call("GET", "/v1/sources/history")).body).toMatchObject({
      title: "Files of past orders",
      address: null,
      setup: ["Send a file: npm run import -- FILE --source history"],
    });
  });

  it("drafts a plan of what arrived, which can be set and taken away", async () => {
    await wire("planned");
    const order = { type: "order.placed", kind: "order", order_id: "7", amount: "10.50", currency: "EUR" };
    await insert("events", [
      eventRow("planned", Date.now() - 2_000, { ...order, properties: '{"channel": "web", "plan_deviations": ["x"]}' }),
      eventRow("planned", Date.now() - 1_000, { ...order, items: [{ sku: "A", quantity: "1", unit_price: "10.50" }] }),
    ]);
    const path = "/v1/sources/planned/plan";
    expect((await world.call("GET", path)).status).toBe(404);
    const draft = await world.call<{ plan: object; events: number }>("POST", `${path}/draft`, { events: 10 });
    expect(draft.body).toMatchObject({
      events: 2,
      plan: {
        mode: "flag",
        events: {
          "order.placed": {
            properties: {
              order_id: { type: "text", required: true },
              amount: { type: "text", required: true },
              items: { type: "list", required: false },
              channel: { type: "text", required: false },
            },
          },
        },
      },
    });
    expect(JSON.stringify(draft.body)).not.toContain("plan_deviations");
    expect((await world.call("PUT", path, { ...draft.body.plan, mode: "refuse" })).status).toBe(200);
    expect((await world.call("GET", path)).body).toMatchObject({ plan: { mode: "refuse" }, version: 2 });
    expect((await world.call("GET", "/v1/sources/planned")).body).toMatchObject({ plan: "refuse" });
    expect((await world.call("DELETE", path)).status).toBe(204);
    expect((await world.call("GET", "/v1/sources/planned")).body).toMatchObject({ plan: null });
  });

  it("shows live what arrived in the last minutes, then what arrives, each once", async () => {
    await wire("live");
    const now = Date.now();
    await insert("events", [
      eventRow("live", now - 20 * minuteMs, { event_id: "too-old" }),
      eventRow("live", now - 2 * minuteMs, {
        event_id: "before",
        client_key: acme,
        url: "https://shop.example/",
        properties: '{"title": "Shop"}',
      }),
    ]);
    const gone = new AbortController();
    const response = await fetch(`${world.url}/v1/sources/live/live?minutes=10`, {
      headers: { authorization: `Bearer ${apiToken}` },
      signal: gone.signal,
    });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const told: { event: string; data: Record<string, unknown> }[] = [];
    const parser = createParser({
      onEvent: ({ event = "", data }) => {
        told.push({ event, data: JSON.parse(data) });
        if (event === "live") void sendMore();
        if (told.length === 5) gone.abort();
      },
    });
    // The refused one was stored late: its offset lies before what was read of another table.
    const late = rejectedRow("live", now - minuteMs, "invalid", '{"broken": true}');
    const sendMore = async () => {
      await insert("events", [eventRow("live", Date.now(), { event_id: "after" })]);
      await insert("rejected_events", [late]);
      await insert("duplicate_events", [{ ...rowOf("live", Date.now()), event_id: "after" }]);
    };
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body!) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
    expect(told.slice(0, 2)).toMatchObject([
      {
        event: "arrival",
        data: {
          kind: "event",
          client: { id: client, name: "Acme" },
          unified: {
            id: "before",
            type: "web.page_viewed",
            properties: { url: "https://shop.example/", title: "Shop" },
          },
        },
      },
      { event: "live" },
    ]);
    expect(
      told
        .slice(2)
        .map(({ data }) => data.kind)
        .toSorted(),
    ).toEqual(["duplicate", "event", "rejected"]);
    expect(told.find(({ data }) => data.kind === "rejected")?.data).toMatchObject({
      reason: "invalid",
      raw: { text: '{"broken": true}' },
    });
  });

  it("says how many it left out where more arrived than can be shown", async () => {
    await wire("flood");
    await insert(
      "events",
      Array.from({ length: 130 }, () => eventRow("flood", Date.now() - 1_000)),
    );
    const gone = new AbortController();
    const response = await fetch(`${world.url}/v1/sources/flood/live`, {
      headers: { authorization: `Bearer ${apiToken}` },
      signal: gone.signal,
    });
    let text = "";
    for await (const chunk of response.body!) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("event: live")) break;
    }
    gone.abort();
    expect(text).toContain('event: skipped\ndata: {"count":30}');
    expect(text.match(/event: arrival/g)).toHaveLength(100);
  });
});
