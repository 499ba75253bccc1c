import { identifierKey } from "@keypulse/identity";
import { freePorts } from "@keypulse/infra";
import {
  buildEvent,
  createTestWorkspace,
  eventually,
  type SentEvent,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { erasedPerson, personalTables } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const token = "test-token-of-at-least-20-characters";
const ana = { user_id: "ana-7", email: "ana@acme.example" };
const acme = { account_id: "acme" };
/** Another person, whom another system calls by the same text as Ana's login. */
const carl = { crm_id: ana.user_id, email: "carl@globex.example" };

interface Erasure {
  id: string;
  state: string;
  erased: Record<string, number>;
}

describe("people's rights", () => {
  let workspace: TestWorkspace;
  let services: ServiceProcess[] = [];
  let url: string;
  beforeAll(async () => {
    workspace = await createTestWorkspace({ settings: { IDENTITY_COMPANY_DOMAINS: "on" } });
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    services = await Promise.all([
      startService("ingest", workspace.environment),
      startService("alerts", { ...workspace.environment, ALERT_GROUP: `${workspace.world.topicPrefix}alerts` }),
      startService("console", {
        ...workspace.environment,
        CONSOLE_PORT: String(port),
        KEYPULSE_API_TOKEN: token,
        KEYPULSE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
        ERASURE_WAIT_SECONDS: "6",
      }),
    ]);
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await workspace?.close();
  });

  const request = async (method: string, path: string, body?: unknown) =>
    await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "x-keypulse-user": "dpo" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const call = async <T>(method: string, path: string, body?: unknown) =>
    (await (await request(method, path, body)).json()) as T;
  const count = async (query: string) => (await workspace.rows<{ n: number }>(query))[0]!.n;
  const untilStored = async (events: number, rejected: number) => {
    await workspace.untilIngested();
    expect([
      await count("SELECT count() AS n FROM events"),
      await count("SELECT count() AS n FROM rejected_events"),
    ]).toEqual([events, rejected]);
  };
  const order = (id: string, amount: string, identifiers: Record<string, string>) =>
    buildEvent("order.placed", { identifiers, properties: { order_id: id, amount, currency: "EUR", note: "for ana" } });

  async function erase(identifier: string): Promise<Erasure> {
    const { id } = await call<{ id: string }>("POST", "/v1/privacy/erasures", { identifier, reason: "asked for it" });
    return await eventually(
      () => call<Erasure>("GET", `/v1/privacy/erasures/${id}`),
      ({ state }) => state === "done",
      60_000,
    );
  }

  /** Where any of these texts still stands: every table of the database, every key of Redis. */
  async function tracesOf(texts: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    const tables = await workspace.rows<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    for (const { name } of tables) {
      if (name === "suppressed_keys") continue;
      const any = texts.map((text) => `positionCaseInsensitive(row, '${text}') > 0`).join(" OR ");
      const bytes =
        name === "rejected_events"
          ? "concat(toString(tuple(*)), base64Decode(bytes), base64Decode(key))"
          : "toString(tuple(*))";
      if ((await count(`SELECT count() AS n FROM (SELECT ${bytes} AS row FROM ${name}) WHERE ${any}`)) > 0)
        found.push(name);
    }
    const packed = texts.flatMap((text) => [
      Buffer.from(text),
      ...(/^[0-9a-f-]{36}$/.test(text) ? [Buffer.from(text.replaceAll("-", ""), "hex").subarray(2)] : []),
    ]);
    for (const key of await workspace.redis.keysBuffer(`${workspace.world.redisPrefix}*`)) {
      const held = Buffer.concat([key, (await workspace.redis.dumpBuffer(key)) ?? Buffer.alloc(0)]);
      if (packed.some((part) => held.includes(part))) found.push(`redis ${key.toString("latin1")}`);
    }
    return found;
  }

  const before: SentEvent[] = [
    order("o-1", "100.00", { ...acme, ...ana }),
    order("o-2", "40.00", { ...acme, user_id: "bob" }),
    buildEvent("web.page_viewed", { identifiers: ana }),
    buildEvent("web.page_viewed", { identifiers: { email: ana.email, anonymous_id: "browser-of-ana" } }),
    buildEvent("identify", { identifiers: ana, traits: { name: "Ana Ortega" } }),
    // Bob's event names her address too, later: a conflict that people would have to decide.
    buildEvent("call.completed", {
      identifiers: { user_id: "bob", email: ana.email },
      occurred_at: new Date().toISOString(),
    }),
    buildEvent("web.page_viewed", { identifiers: carl }),
  ];
  /** Alerts of the company call her by name: in columns, and in the JSON beside them. */
  const alerted = {
    id: `${"7".repeat(8)}-7777-8777-8777-${"7".repeat(12)}`,
    client_id: identifierKey("account_id", "acme"),
    client_name: "Ana Ortega",
    headline: "Nothing heard of Ana Ortega",
    reason: `Ana Ortega (${ana.email}), who decides, went silent.`,
    evidence: JSON.stringify({ concerns: ["Ana Ortega"] }),
    findings: JSON.stringify([{ reason: `${ana.email}, who decides` }]),
  };
  const written = { subject_key: alerted.client_id, subject: "client", field: "custom.needs" };
  const insert = (table: string, row: object) =>
    workspace.clickhouse.insert({ table, values: [row], format: "JSONEachRow" });
  const keys = [
    identifierKey("user_id", ana.user_id),
    identifierKey("email", ana.email),
    identifierKey("anonymous_id", "browser-of-ana"),
  ];
  /** Her login is also Carl's number in the CRM: only under its own kind it is hers. */
  const hers = [ana.email, "Ortega ", 'Ortega"', `user_id:${ana.user_id}`, "browser-of-ana", ...keys];
  const carls = () =>
    workspace.rows("SELECT value FROM identities WHERE kind = 'crm_id' AND contact_id != toUUIDOrZero('')");
  const rowOf = async (table: string, columns: string) => (await workspace.rows(`SELECT ${columns} FROM ${table}`))[0];
  const acmeTotals = () =>
    workspace.rows(
      `SELECT orders, toString(revenue_net) AS revenue FROM clients WHERE client_id = '${identifierKey("account_id", "acme")}'`,
    );

  it("exports all that is kept of a person", async () => {
    await workspace.send(before);
    await workspace.producer.send({
      topic: workspace.topics.events.web,
      messages: [
        { key: ana.email, value: JSON.stringify({ id: "bad", who: ana.email, type: "web.nonsense" }) },
        // Another's: it holds her number of a browser as part of a word, and her login's as a quantity.
        { key: "x", value: JSON.stringify({ id: "other", ref: "xbrowserofanax", quantity: 7, type: "web.nonsense" }) },
      ],
    });
    await untilStored(before.length, 2);
    await insert("alerts", { ...alerted, version: 1, state: "open" });
    await insert("signals", { ...alerted, state: "raised" });
    await insert("written_fields", { ...written, value: '"Ask Ana Ortega; Ana Ortegason knows nothing"', who: "ben" });
    await eventually(acmeTotals, ([row]) => (row as { orders: number }).orders === 2);
    const response = await request("GET", `/v1/privacy/export?identifier=email:${ana.email}`);
    const lines = (await response.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { table?: string; identifiers?: string[] });
    expect(lines[0]).toMatchObject({
      subject: "person",
      identifiers: ["anonymous_id:browser-of-ana", `email:${ana.email}`, `user_id:${ana.user_id}`],
    });
    const tables = new Set(lines.flatMap(({ table }) => table ?? []));
    for (const table of ["events", "client_traits", "identity_links", "rejected_events", "alerts", "written_fields"])
      expect(tables).toContain(table);
    expect(lines.filter(({ table }) => table === "events")).toHaveLength(5);
  });

  it("erases a person everywhere, keeps the company's business, and proves it", async () => {
    const totals = await acmeTotals();
    expect(totals).toMatchObject([{ orders: 2, revenue: "140" }]);
    const traces = await tracesOf(hers);
    expect(traces).toEqual(
      expect.arrayContaining(["events", "identifiers", "client_traits", "rejected_events", "alerts", "signals"]),
    );
    expect(traces.some((trace) => trace.startsWith("redis"))).toBe(true);

    const { erased } = await erase(`email:${ana.email}`);
    expect(erased).toMatchObject({ events: 5, rejected_events: 1, "pending deliveries": 0 });
    expect(await tracesOf(hers)).toEqual([]);
    expect(await rowOf("alerts", "headline, reason, findings")).toEqual({
      headline: `Nothing heard of ${erasedPerson}`,
      reason: `${erasedPerson} (${erasedPerson}), who decides, went silent.`,
      findings: JSON.stringify([{ reason: `${erasedPerson}, who decides` }]),
    });
    expect(await rowOf("written_fields", "value")).toEqual({
      value: `"Ask ${erasedPerson}; Ana Ortegason knows nothing"`,
    });
    expect(await acmeTotals()).toEqual(totals);
    expect(await count("SELECT countIf(bytes != '') AS n FROM rejected_events")).toBe(1);
    const gone = await request("GET", `/v1/privacy/export?identifier=email:${ana.email}`);
    expect(gone.status).toBe(404);
  });

  it("does not take them back by late events, and still counts the company's", async () => {
    await workspace.send([
      buildEvent("web.page_viewed", { identifiers: { email: "Ana@ACME.example" } }),
      order("o-3", "7.00", { ...acme, ...ana }),
      // What can't be used names her all the same.
      { ...buildEvent("web.page_viewed", { identifiers: { email: ana.email } }), occurred_at: "1970-01-01T00:00:00Z" },
      buildEvent("web.page_viewed", { identifiers: { crm_id: carl.crm_id } }),
    ]);
    // Of hers, two were hers alone and one said who she is: the others are left, and two come.
    await untilStored(before.length - 3 + 2, 4);
    // The tables that views feed follow a moment later.
    await eventually(acmeTotals, ([row]) => (row as { orders: number }).orders === 3);
    expect(await acmeTotals()).toMatchObject([{ orders: 3, revenue: "147" }]);
    expect(await tracesOf(hers)).toEqual([]);
    expect(await carls()).toEqual([{ value: carl.crm_id }]);
    expect(await workspace.rows("SELECT reason, bytes, key FROM rejected_events WHERE reason = 'erased'")).toEqual([
      { reason: "erased", bytes: "", key: "" },
    ]);
  });

  it("erases a client with its people and its domain, and nobody names it again", async () => {
    await erase("account_id:acme");
    const names = ["account_id:acme", "domain:acme.example", "user_id:bob"].map((name) => {
      const [kind, value] = name.split(":") as ["domain", string];
      return identifierKey(kind, value);
    });
    expect(await tracesOf([...names, '"bob"', "acme"])).toEqual([]);
    const left = await count("SELECT count() AS n FROM events");
    const refused = await count("SELECT count() AS n FROM rejected_events");
    await workspace.send([
      buildEvent("web.page_viewed", { identifiers: { email: "somebody-new@acme.example" } }),
      buildEvent("web.page_viewed", { identifiers: { account_id: "initech", domain: "acme.example" } }),
    ]);
    await untilStored(left + 1, refused + 1);
    expect(await tracesOf([...names, "acme"])).toEqual([]);
    expect(await workspace.rows("SELECT name FROM clients ORDER BY name")).toEqual([
      { name: carl.crm_id },
      { name: "initech" },
    ]);
  });

  it("knows every table that may hold personal data", async () => {
    const impersonal = [
      "churn_models_log",
      "detector_lines_log",
      "duplicate_events",
      "erasure_steps",
      "erasures",
      "exchange_rates",
      "lost_ranges",
      "peer_factors",
      "product_costs",
      "rejected_replays",
      "schema_migrations",
      "segment_announcements",
      "settings",
      "source_hourly",
      "suppressed_keys",
      "topic_lives",
    ];
    const tables = await workspace.rows<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name",
    );
    const known = [...personalTables.map(({ table }) => table), ...impersonal].toSorted();
    expect(tables.map(({ name }) => name)).toEqual(known);
  });
});
