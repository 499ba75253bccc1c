import { gzipSync } from "node:zlib";
import { refusedHeaders } from "@keypulse/contracts";
import { eventually, type ServiceProcess, startService } from "@keypulse/testkit";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CollectorWorld, createCollectorWorld } from "./testing/collectorWorld.ts";

const jsonType = { "content-type": "application/json" };
const basic = (key: string) => ({ ...jsonType, authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` });

describe("the collector", () => {
  let world: CollectorWorld;
  let ingest: ServiceProcess;
  beforeAll(async () => {
    world = await createCollectorWorld();
    ingest = await startService("ingest", world.workspace.environment);
  });
  afterAll(async () => {
    await ingest.stop();
    await world.close();
  });
  const rejectedOf = (source: string) =>
    eventually(
      () =>
        world.workspace.rows<{ reason: string; detail: string; bytes: string; headers: string }>(
          `SELECT reason, detail, base64Decode(bytes) AS bytes, headers FROM rejected_events WHERE source = '${source}'`,
        ),
      (rows) => rows.length > 0,
    );

  it("takes Segment messages: 200 means that Kafka has them, and ClickHouse gets them once", async () => {
    const key = await world.wire("web-site", "segment");
    const track = {
      type: "track",
      event: "Order Completed",
      messageId: "m-1",
      userId: "u-9",
      properties: { order_id: "o-1", total: 25.5, currency: "EUR" },
      context: { groupId: "acme" },
      timestamp: new Date().toISOString(),
    };
    const batch = {
      batch: [
        track,
        track,
        { type: "page", messageId: "m-2", anonymousId: "a-1", properties: { url: "https://acme.example/" } },
      ],
    };
    for (const body of [JSON.stringify(batch), gzipSync(JSON.stringify(batch))]) {
      const headers = typeof body === "string" ? basic(key) : { ...basic(key), "content-encoding": "gzip" };
      const response = await world.post("/v1/batch", body, headers);
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    }
    const rows = await eventually(
      () =>
        world.workspace.rows<{ event_id: string; type: string; amount: string }>(
          "SELECT event_id, type, toString(amount) AS amount FROM events WHERE source = 'web-site' ORDER BY event_id",
        ),
      (found) => found.length >= 3,
    );
    expect(rows).toEqual([
      { event_id: "m-2", type: "web.page_viewed", amount: "0" },
      { event_id: "order o-1:placed", type: "order.placed", amount: "25.5" },
      { event_id: expect.stringMatching(/^order o-1:updated-/), type: "order.updated", amount: "25.5" },
    ]);
  });

  it("says what is wrong with a write key, and takes none that is revoked or for another connector", async () => {
    const key = await world.wire("keys", "segment");
    const body = JSON.stringify({ type: "page", anonymousId: "a", writeKey: key });
    const ask = async (text: string, headers: Record<string, string> = {}) => {
      const response = await world.post("/v1/page", text, headers);
      return [response.status, ((await response.json()) as { error?: string }).error];
    };
    expect(await ask(body)).toEqual([200, undefined]);
    expect(await ask(body, basic(key))).toEqual([200, undefined]);
    expect(await ask(body, basic("wk_other"))).toEqual([401, expect.stringContaining("different")]);
    expect(await ask("{}", basic("wk_other"))).toEqual([401, expect.stringContaining("not known")]);
    expect(await ask('{"anonymousId":"a"}')).toEqual([401, expect.stringContaining("needed")]);
    expect(await ask("not json", basic(key))).toEqual([400, expect.stringContaining("not JSON")]);
    // Libraries of Python and others read these, and take an answer without them for a broken network.
    const refused = await world.post("/v1/page", "{}", basic("wk_other"));
    expect(await refused.json()).toEqual({
      ...{ success: false, code: "unauthorized" },
      ...{ message: expect.stringContaining("not known"), error: expect.stringContaining("not known") },
    });
  });

  it("keeps what it can't use with the reason and the bytes", async () => {
    const key = await world.wire("faulty", "segment");
    const response = await world.post("/v1/track", '{"event":"Clicked","properties":{"a":1}}', basic(key));
    expect(response.status).toBe(200);
    const [row] = await rejectedOf("faulty");
    expect(row).toMatchObject({ reason: "malformed", detail: expect.stringContaining("no_user_anon_id") });
    expect(JSON.parse(row!.bytes).message).toMatchObject({ event: "Clicked", properties: { a: 1 } });
    expect(Object.keys(JSON.parse(row!.headers))).toContain(refusedHeaders.connector);
  });

  it("takes signed webhooks alone, and both secrets while one is rotated", async () => {
    const secret = await world.wire("partner", "standardwebhooks");
    const body = JSON.stringify({
      type: "call.completed",
      timestamp: new Date().toISOString(),
      data: { identifiers: { phone: "+33176360695" }, properties: { direction: "inbound", duration_seconds: 60 } },
    });
    const signed = (given: string, id = "msg_1") => {
      const at = new Date();
      return {
        ...jsonType,
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        "webhook-signature": new Webhook(given).sign(id, at, body),
      };
    };
    expect((await world.post("/hooks/partner", body, signed(secret))).status).toBe(200);
    expect(
      (await world.post("/hooks/partner", body, signed("whsec_b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldA=="))).status,
    ).toBe(401);
    expect((await world.post("/hooks/nobody", body, signed(secret))).status).toBe(404);
    const rows = await eventually(
      () => world.workspace.rows("SELECT type, duration_seconds FROM events WHERE source = 'partner'"),
      (found) => found.length > 0,
    );
    expect(rows).toEqual([{ type: "call.completed", duration_seconds: 60 }]);
  });

  it("keeps the tracking plan: flags or refuses what deviates", async () => {
    const events = { "web.custom:Signed In": { properties: { plan: { type: "text" as const, required: true } } } };
    const flagging = await world.wire("flagging", "segment", { plan: { mode: "flag", events } });
    const refusing = await world.wire("refusing", "segment", { plan: { mode: "refuse", events } });
    const message = JSON.stringify({ event: "Signed In", userId: "u-1", messageId: "plan-1", properties: { plan: 5 } });
    expect((await world.post("/v1/track", message, basic(flagging))).status).toBe(200);
    expect((await world.post("/v1/track", message, basic(refusing))).status).toBe(200);
    const [refused] = await rejectedOf("refusing");
    expect(refused).toMatchObject({ reason: "off_plan", detail: "properties.plan: is a number, expected a text" });
    const [flagged] = await eventually(
      () => world.workspace.rows<{ properties: string }>("SELECT properties FROM events WHERE source = 'flagging'"),
      (found) => found.length > 0,
    );
    expect(JSON.parse(flagged!.properties).plan_deviations).toEqual(["properties.plan: is a number, expected a text"]);
  });

  it("marks opens that come right after delivery", async () => {
    const secret = await world.wire("mailer", "postmark", {}, "hook-password");
    const auth = { ...jsonType, authorization: `Basic ${Buffer.from(`keypulse:${secret}`).toString("base64")}` };
    const at = Date.now();
    const record = (type: string, time: string, ms: number) =>
      JSON.stringify({
        RecordType: type,
        MessageID: "883953f4-6105-42a2-a16a-77a8eac79483",
        Recipient: "ana@acme.example",
        [time]: new Date(at + ms).toISOString(),
        UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
        OriginalLink: "https://acme.example/",
      });
    for (const body of [
      record("Delivery", "DeliveredAt", -60_000),
      record("Open", "ReceivedAt", -57_000),
      record("Open", "ReceivedAt", -1_000),
    ]) {
      expect((await world.post("/hooks/mailer", body, auth)).status).toBe(200);
    }
    const rows = await eventually(
      () => world.workspace.rows("SELECT type, activity FROM events WHERE source = 'mailer' ORDER BY occurred_at"),
      (found) => found.length >= 3,
    );
    expect(rows).toEqual([
      { type: "email.delivered", activity: false },
      { type: "email.opened", activity: false },
      { type: "email.opened", activity: true },
    ]);
  });

  it("answers 429 with Retry-After above the source's limit, and serves others meanwhile", async () => {
    const key = await world.wire("busy", "segment", { requests_a_second: 5 });
    const other = await world.wire("calm", "segment");
    const page = '{"anonymousId":"a"}';
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.post("/v1/page", page, basic(key))));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await world.post("/v1/page", page, basic(other))).status).toBe(200);
  });

  it("refuses what is too large, packed or not, and unknown encodings", async () => {
    const key = await world.wire("large", "segment");
    const status = async (path: string, body: string | Buffer, headers: Record<string, string>) =>
      (await world.post(path, body, headers)).status;
    expect(await status("/v1/track", JSON.stringify({ userId: "u", event: "x".repeat(40_000) }), basic(key))).toBe(400);
    expect(await status("/v1/batch", "x".repeat(3_000_000), basic(key))).toBe(413);
    // Of a batch only the message that is too large is refused.
    const batch = ["x".repeat(40_000), "x"].map((event, i) => ({
      type: "track",
      userId: "u",
      messageId: `l-${i}`,
      event,
    }));
    expect(await status("/v1/batch", JSON.stringify({ batch }), basic(key))).toBe(200);
    expect(
      await eventually(
        () => world.workspace.rows<{ id: string }>("SELECT event_id AS id FROM events WHERE source = 'large'"),
        (rows) => rows.length > 0,
      ),
    ).toEqual([{ id: "l-1" }]);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(await status("/v1/batch", bomb, { ...basic(key), "content-encoding": "gzip" })).toBe(413);
    expect(await status("/v1/track", "{}", { ...basic(key), "content-encoding": "zstd" })).toBe(415);
    expect(await status("/v1/track", "{}", { ...basic(key), "content-encoding": "constructor" })).toBe(415);
    expect(await status("/v1/track", "nonsense", { ...basic(key), "content-encoding": "gzip" })).toBe(400);
  });

  it("answers browsers: preflight, the settings of analytics.js, text/plain bodies", async () => {
    const key = await world.wire("browser", "segment");
    const preflight = await fetch(`${world.collector.url}/v1/t`, {
      method: "OPTIONS",
      headers: {
        origin: "https://acme.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-retry-count",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/authorization.*x-retry-count/);
    const settings = await fetch(`${world.collector.url}/v1/projects/${key}/settings`);
    expect(settings.headers.get("access-control-allow-origin")).toBe("*");
    expect(await settings.json()).toMatchObject({
      integrations: { "Segment.io": { apiKey: key, apiHost: `${new URL(world.collector.url).host}/v1` } },
    });
    const body = JSON.stringify({ writeKey: key, anonymousId: "a-1", properties: { url: "https://acme.example/" } });
    expect((await world.post("/v1/p", body, { "content-type": "text/plain" })).status).toBe(200);
  });

  it("keeps the order of one sender's events", async () => {
    const key = await world.wire("ordered", "segment");
    for (let start = 0; start < 60; start += 20) {
      const batch = Array.from({ length: 20 }, (_, i) => ({
        type: "track",
        event: "Step",
        userId: "u-ordered",
        messageId: `step-${start + i}`,
      }));
      expect((await world.post("/v1/batch", JSON.stringify({ batch }), basic(key))).status).toBe(200);
    }
    const sent = (await world.messages(60)).filter(({ value }) => value.includes('"ordered"'));
    const complete = await eventually(
      async () => (await world.messages(60)).filter(({ value }) => value.includes('"source":"ordered"')),
      (list) => list.length >= 60,
    );
    expect(sent.length).toBeGreaterThan(0);
    expect(complete.map(({ value }) => JSON.parse(value).id)).toEqual(
      Array.from({ length: 60 }, (_, i) => `step-${i}`),
    );
  });
});
