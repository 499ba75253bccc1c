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
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const token = "test-token-of-at-least-20-characters";

interface Preview {
  decision: { id: string; undone: boolean };
  done: boolean;
  identifiers: string[];
  moves: {
    from: { name: string };
    to: { name: string };
    events: number;
    orders: number;
    revenue: number;
    alerts: number;
  }[];
}

describe("who is who, decided by people", () => {
  let workspace: TestWorkspace;
  let ingest: ServiceProcess;
  let console_: ServiceProcess;
  let url: string;
  beforeAll(async () => {
    workspace = await createTestWorkspace({ settings: { IDENTITY_COMPANY_DOMAINS: "on", WORKSPACE_COUNTRY: "GB" } });
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    [ingest, console_] = await Promise.all([
      startService("ingest", workspace.environment),
      startService("console", {
        ...workspace.environment,
        CONSOLE_PORT: String(port),
        KEYPULSE_API_TOKEN: token,
        KEYPULSE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
      }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([ingest?.stop(), console_?.stop()]);
    await workspace?.close();
  });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "x-keypulse-user": "ana" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { error?: string; detail?: string };
    if (!response.ok) throw new Error(`${answer.error}: ${answer.detail}`);
    return answer;
  }
  const decide = (body: object) => call<Preview>("POST", "/v1/identity/decisions", body);
  const undo = (id: string) => call<Preview>("POST", `/v1/identity/decisions/${id}/undo`, {});

  async function store(events: SentEvent[]): Promise<void> {
    await workspace.send(events);
    await workspace.untilIngested();
  }
  const at = (day: number) => `2026-03-${String(day).padStart(2, "0")}T12:00:00Z`;
  const order = (day: number, amount: string, identifiers: Record<string, string>) =>
    buildEvent("order.placed", {
      occurred_at: at(day),
      identifiers,
      properties: { order_id: `o-${day}-${amount}`, amount, currency: "EUR" },
    });
  const visit = (day: number, identifiers: Record<string, string>) =>
    buildEvent("web.page_viewed", { occurred_at: at(day), identifiers });
  const group = (day: number, account: string, name: string) =>
    buildEvent("group", { occurred_at: at(day), identifiers: { account_id: account }, traits: { name } });

  /** Events and revenue by client's name, as an analyst reads them. */
  async function totals(): Promise<Record<string, string>> {
    const rows = await workspace.rows<{ name: string; events: number; revenue: string }>(
      `SELECT n.name AS name, t.events AS events, toString(t.revenue) AS revenue FROM (
         SELECT client_id, count() AS events, sum(amount) AS revenue FROM timeline GROUP BY client_id) AS t
       LEFT JOIN client_names AS n ON n.client_id = t.client_id ORDER BY name, events`,
    );
    return Object.fromEntries(
      rows.map(({ name, events, revenue }) => [name || `unnamed ${events}`, `${events} ${revenue}`]),
    );
  }

  const insert = (table: string, row: object) =>
    workspace.clickhouse.insert({
      table,
      values: [row],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });

  /** All that follows an identity. */
  async function everything() {
    const [clients, alerts, traits, portfolio, scores, contacts, memberships, review] = await Promise.all(
      [
        "SELECT client_id, name, owner, contacts, events, orders, revenue_net, last_activity, open_alerts FROM clients ORDER BY 1",
        "SELECT a.id AS id, a.client_id AS client_id, c.orders AS orders FROM alerts_open AS a LEFT JOIN clients AS c ON c.client_id = a.client_id ORDER BY 1",
        "SELECT client_id, trait, value, source FROM client_traits_now ORDER BY 1, 2",
        "SELECT client_id, place, revenue, abc, xyz, rfm FROM portfolio_at(as_of = '2026-03-31') ORDER BY 1",
        "SELECT client_id, scheme, score FROM portfolio_scores_at(as_of = '2026-03-31') ORDER BY 1, 2",
        "SELECT contact_id, client_id, clients FROM contacts ORDER BY 1",
        "SELECT * FROM identity_memberships ORDER BY ALL",
        "SELECT * EXCEPT found_at FROM identity_review ORDER BY ALL",
      ].map((query) => workspace.rows<Record<string, unknown>>(query)),
    );
    return { clients: clients!, alerts, traits, portfolio: portfolio!, scores, contacts, memberships, review };
  }

  it("shows what a merge of clients moves, does it, and takes it back to the same totals", async () => {
    await store([
      group(1, "acme", "Acme"),
      group(1, "acme-uk", "Acme UK"),
      order(2, "100.00", { account_id: "acme", email: "ana@acme.example" }),
      order(3, "50.50", { account_id: "acme-uk", user_id: "bob" }),
      visit(4, { user_id: "bob" }),
      visit(4, { email: "eve@elsewhere.example" }),
    ]);
    const ofUk = identifierKey("account_id", "acme-uk");
    await insert("alerts", {
      id: ofUk,
      version: 1,
      state: "open",
      client_id: ofUk,
      client_name: "Acme UK",
      reason: "r",
    });
    await insert("written_fields", {
      subject_key: ofUk,
      subject: "client",
      field: "owner",
      value: '"eve"',
      who: "ana",
    });
    const state = await everything();
    expect(state.clients).toContainEqual(expect.objectContaining({ name: "Acme UK", owner: "eve", open_alerts: 1 }));
    const before = await totals();
    expect(before).toMatchObject({ Acme: "2 100", "Acme UK": "3 50.5" });
    const request = { kind: "merge", left: "account_id:acme", right: "account_id:acme-uk", reason: "one company" };
    const preview = await decide({ ...request, preview: true });
    expect(preview).toMatchObject({ done: false, moves: [{ events: expect.any(Number), orders: 1 }] });
    expect(["Acme", "Acme UK"]).toContain(preview.moves[0]!.from.name);
    expect(preview.moves[0]!.alerts).toBe(preview.moves[0]!.from.name === "Acme UK" ? 1 : 0);
    expect(await totals()).toEqual(before);

    const done = await decide(request);
    expect({ ...done, done: false, decision: "" }).toEqual({ ...preview, decision: "" });
    const merged = await totals();
    // Alerts, owner and place in the portfolio follow, and come back.
    const one = await everything();
    expect(one.clients).toContainEqual(expect.objectContaining({ owner: "eve", open_alerts: 1, orders: 2 }));
    expect(one.portfolio).toHaveLength(state.portfolio.length - 1);
    expect(one.alerts).toEqual([expect.objectContaining({ orders: 2 })]);
    const total = (name: string) => merged[name];
    expect(total("Acme") ?? total("Acme UK")).toBe("5 150.5");
    expect(Object.keys(merged)).toHaveLength(Object.keys(before).length - 1);

    const undone = await undo(done.decision.id);
    expect(undone.moves[0]).toMatchObject({ from: preview.moves[0]!.to, events: preview.moves[0]!.events });
    expect(await totals()).toEqual(before);
    expect(await everything()).toEqual(state);
    await expect(undo(done.decision.id)).rejects.toThrow(/undone already/);
  });

  it("leaves a contact's earlier events with the earlier client, from the day it moved", async () => {
    await store([group(1, "globex", "Globex"), visit(5, { user_id: "bob" }), visit(20, { user_id: "bob" })]);
    expect((await totals())["Acme UK"]).toBe("5 50.5");
    const state = await everything();
    const made = await decide({ kind: "move", left: "user_id:bob", right: "account_id:globex", since: at(10) });
    expect(made.moves).toEqual([
      {
        from: expect.objectContaining({ name: "Acme UK" }),
        to: expect.objectContaining({ name: "Globex" }),
        events: 1,
        orders: 0,
        revenue: 0,
        alerts: 0,
      },
    ]);
    expect(await totals()).toMatchObject({ "Acme UK": "4 50.5", Globex: "2 0" });
    await undo(made.decision.id);
    expect(await totals()).toMatchObject({ "Acme UK": "5 50.5", Globex: "1 0" });
    expect(await everything()).toEqual(state);
  });

  it("parts a person's two identifiers, and joins them again as they were", async () => {
    await store([visit(9, { user_id: "fay", email: "fay@acme.example" }), visit(10, { email: "fay@acme.example" })]);
    const state = await everything();
    const made = await decide({ kind: "unmerge", left: "user_id:fay", right: "email:fay@acme.example" });
    expect(await workspace.rows("SELECT contact_id FROM contacts")).toHaveLength(state.contacts!.length + 1);
    await undo(made.decision.id);
    expect(await everything()).toEqual(state);
  });

  it("gives people of a company's domain to its account, never by free mail", async () => {
    await store([visit(6, { email: "new@acme.example" }), visit(6, { email: "someone@gmail.com" })]);
    const { client, links } = await call<{ client: { name: string }; links: { rule: string }[] }>(
      "GET",
      "/v1/identity/ledger?identifier=email:new@acme.example",
    );
    expect(client.name).toBe("Acme");
    expect(links.map(({ rule }) => rule)).toEqual(expect.arrayContaining(["company_domain", "domain_of"]));
    const free = await call<{ client: { name: string } }>(
      "GET",
      "/v1/identity/ledger?identifier=email:someone@gmail.com",
    );
    expect(free.client.name).toBe("someone@gmail.com");
  });

  it("lists a shared mailbox's two people with the evidence, and lets people decide", async () => {
    await store([
      visit(7, { user_id: "carl", email: "info@initech.example" }),
      visit(8, { user_id: "dora", email: "info@initech.example" }),
    ]);
    const { items } = await call<{ items: { reason: string; left: string; right: string; evidence: object[] }[] }>(
      "GET",
      "/v1/identity/review",
    );
    expect(items).toContainEqual(
      expect.objectContaining({
        reason: "two_people",
        left: "user_id:dora",
        right: "email:info@initech.example",
        evidence: [expect.objectContaining({ source: "test" })],
      }),
    );
    const state = await everything();
    expect(state.review!.length).toBeGreaterThan(0);
    const made = await decide({ kind: "set_aside", left: "email:info@initech.example", reason: "a mailbox for all" });
    const { items: left } = await call<{ items: { left: string }[] }>("GET", "/v1/identity/review");
    expect(left.filter(({ left: name }) => name === "user_id:dora")).toEqual([]);
    const { decisions } = await call<{ decisions: { kind: string; who: string; reason: string }[] }>(
      "GET",
      "/v1/identity/decisions",
    );
    expect(decisions[0]).toMatchObject({ kind: "set_aside", who: "ana", reason: "a mailbox for all" });
    await undo(made.decision.id);
    expect(await everything()).toEqual(state);
  });

  it("tells who evaluates clients that some belong elsewhere", async () => {
    const consumer = workspace.kafka.consumer({ groupId: `${workspace.world.topicPrefix}watch` });
    const told: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: workspace.topics.touched, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void told.push(String(message.value)) });
    await eventually(
      async () => told.filter((text) => text.includes('"batch":"decision:')),
      (found) => found.length >= 5,
    );
    await consumer.disconnect();
  });

  it("says what is wrong with a request", async () => {
    await expect(decide({ kind: "merge", left: "ana@acme.example", right: "user_id:bob" })).rejects.toThrow(
      /write its kind, a colon/,
    );
    await expect(decide({ kind: "merge", left: "email:guest", right: "user_id:bob" })).rejects.toThrow(/can't be used/);
    await expect(decide({ kind: "merge", left: "user_id:bob", right: "account_id:acme" })).rejects.toThrow(
      /move the person/,
    );
    await expect(call("GET", "/v1/identity/ledger?identifier=user_id:nobody-knows")).rejects.toThrow(
      /no event carried/,
    );
  });
});
