import {
  buildEvent,
  createTestWorkspace,
  eventually,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("ingest", () => {
  let workspace: TestWorkspace;
  let ingest: ServiceProcess;

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    ingest = await startService("ingest", workspace.environment);
  });
  afterAll(async () => {
    await ingest?.stop();
    await workspace?.close();
  });

  const clients = () => workspace.rows<Record<string, unknown>>("SELECT * FROM clients ORDER BY name");
  const countOf = async (table: string) =>
    (await workspace.rows<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]!.n;

  it("turns events of one client's people into one profile", async () => {
    await workspace.send([
      buildEvent("group", { identifiers: { account_id: "acme" }, traits: { name: "Acme Ltd" } }),
      buildEvent("web.page_viewed", { identifiers: { anonymous_id: "browser-1" } }),
      buildEvent("identify", {
        identifiers: { email: "Ana@Acme.example ", anonymous_id: "browser-1", account_id: "acme" },
      }),
      buildEvent("email.clicked", { identifiers: { email: "ana@acme.example" } }),
      buildEvent("order.placed", {
        identifiers: { account_id: "acme" },
        properties: {
          order_id: "o1",
          amount: "30.30",
          currency: "EUR",
          items: [
            { sku: "A", quantity: 3, unit_price: 10 },
            { sku: "B", quantity: "1", unit_price: "0.30" },
          ],
        },
      }),
      buildEvent("order.refunded", {
        identifiers: { account_id: "acme" },
        properties: { order_id: "o1", amount: 0.1, currency: "EUR" },
      }),
    ]);
    // The tables behind the view are fed one after the other.
    const [acme, ...others] = await eventually(
      clients,
      (rows) => rows.length === 1 && rows[0]!.events === 6 && rows[0]!.revenue_net === "30.2",
    );
    expect(others).toEqual([]);
    expect(acme).toMatchObject({
      name: "Acme Ltd",
      account_id: "acme",
      contacts: 1,
      web_visits: 1,
      emails: 1,
      orders: 1,
      revenue_gross: "30.3",
      revenue_net: "30.2",
    });
    expect(await workspace.rows("SELECT sku, quantity, amount FROM order_items ORDER BY line")).toEqual([
      { sku: "A", quantity: "3", amount: "30" },
      { sku: "B", quantity: "1", amount: "0.3" },
    ]);
  });

  it("counts an event once that its sender repeats, in any table", async () => {
    const before = await countOf("events");
    const event = buildEvent("order.placed", { identifiers: { account_id: "twice" } });
    await workspace.send([event, event]);
    await workspace.send([event]);
    await eventually(
      () => countOf("duplicate_events"),
      (n) => n === 2,
    );
    expect(await countOf("events")).toBe(before + 1);
    await workspace.untilIngested();
    expect(await workspace.rows("SELECT orders FROM clients WHERE account_id = 'twice'")).toEqual([{ orders: 1 }]);
  });

  it("keeps what it can't use with the reason and the bytes, and stores the rest of the batch", async () => {
    const good = buildEvent("web.page_viewed", { identifiers: { account_id: "beside" } });
    const order = (properties: object) => JSON.stringify({ ...buildEvent("order.placed"), properties });
    const sound = { order_id: "1", amount: "1", currency: "EUR" };
    const deep = `${'{"a":'.repeat(200)}1${"}".repeat(200)}`;
    const bad: [value: string | Buffer | null, reason: string, hint: RegExp][] = [
      [null, "empty", /no value/],
      ["not json", "not_json", /not JSON/],
      ["[1,2]", "invalid", /one JSON object/],
      [JSON.stringify({ ...good, type: "web.danced" }), "unknown_type", /web\.danced.*vocabulary/],
      [JSON.stringify({ ...good, id: undefined }), "invalid", /id: must be a text/],
      [JSON.stringify({ ...good, occurred_at: "1970-01-01T00:00:00Z" }), "bad_time", /before 1990/],
      [
        JSON.stringify({ ...good, occurred_at: new Date(Date.now() + 5 * 366 * 86_400_000).toISOString() }),
        "bad_time",
        /after it arrived/,
      ],
      [JSON.stringify({ ...good, properties: { url: "x", blob: "x".repeat(2_000_000) } }), "too_large", /bytes/],
      [JSON.stringify({ ...good, properties: { url: "a\0b" } }), "bad_text", /NUL/],
      [JSON.stringify({ ...good, properties: { url: "\ud800" } }), "bad_text", /surrogate/],
      [order({ ...sound, amount: -5 }), "invalid", /properties\.amount: must be a decimal/],
      [order({ ...sound, amount: "99999999999999" }), "invalid", /properties\.amount: must be a decimal/],
      [order({ ...sound, currency: "XQQ" }), "invalid", /ISO 4217/],
      [
        JSON.stringify({ ...good, properties: { url: "x", deep: 0 } }).replace(":0}", `:${deep}}`),
        "too_deep",
        /nested/,
      ],
      [
        JSON.stringify(good).replace('"properties":{', '"properties":{"__proto__":{"admin":true},'),
        "forbidden_key",
        /__proto__/,
      ],
    ];
    const topic = workspace.topics.events.web;
    await workspace.producer.send({
      topic,
      messages: [
        ...bad.map(([value]) => ({ key: "same-partition", value })),
        { key: "same-partition", value: JSON.stringify(good) },
      ],
    });
    // Amounts belong on another topic, but are wrong in themselves first.
    const rows = await eventually(
      () =>
        workspace.rows<{ reason: string; detail: string; bytes: string }>(
          "SELECT reason, detail, base64Encode(bytes) AS bytes FROM rejected ORDER BY partition, offset",
        ),
      (found) => found.length === bad.length,
    );
    for (const [i, [value, reason, hint]] of bad.entries()) {
      expect(rows[i]).toMatchObject({ reason, detail: expect.stringMatching(hint) });
      expect(Buffer.from(rows[i]!.bytes, "base64").equals(Buffer.from(value ?? ""))).toBe(true);
    }
    expect(await workspace.rows("SELECT web_visits FROM clients WHERE account_id = 'beside'")).toEqual([
      { web_visits: 1 },
    ]);
  });

  it("shows an event in `clients` soon, and stops cleanly with nothing in hand", async () => {
    await workspace.send([buildEvent("web.page_viewed", { identifiers: { account_id: "fresh" } })]);
    await eventually(
      () => workspace.rows("SELECT name FROM clients WHERE account_id = 'fresh'"),
      (rows) => rows.length === 1,
      5_000,
    );
    expect(await ingest.stop()).toBe(0);
    ingest = await startService("ingest", workspace.environment);
    const before = await countOf("events");
    await workspace.send([buildEvent("web.page_viewed")]);
    await eventually(
      () => countOf("events"),
      (n) => n === before + 1,
    );
  });
});
