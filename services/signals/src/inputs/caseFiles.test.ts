import { randomUUID } from "node:crypto";
import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { nobody } from "@keypulse/identity";
import { createCalendar } from "@keypulse/methods";
import { createTestWorld, seededRandom, settleAll, type TestWorld } from "@keypulse/testkit";
import { migrate } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CaseFile, emptyCaseFile } from "../domain/caseFile.ts";
import type { ClientHistory } from "../domain/clientHistory.ts";
import { lossesOf } from "../domain/losses.ts";
import { CaseFiles } from "./caseFiles.ts";
import { CasePanels } from "./casePanels.ts";

const timezone = "Europe/London";
const calendar = createCalendar(timezone);
const dayMs = 86_400_000;
const now = Date.UTC(2026, 9, 27, 12);
const ago = (days: number) => now - days * dayMs;
const at = (ms: number) => new Date(ms).toISOString().replace("T", " ").slice(0, 23);

describe("case files", () => {
  const [acme, other, anaMail, anaPhone, bo, ana, boContact] = Array.from({ length: 7 }, () => randomUUID()) as [
    ...[string, string, string, string, string, string, string],
  ];
  const losing = Array.from({ length: 30 }, () => randomUUID());
  let world: TestWorld;
  let clickhouse: ClickHouse;
  let files: CaseFiles;
  let count = 0;

  const insert = async (table: string, values: object[]) => {
    await clickhouse.insert({ table, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
    if (table === "events") await settleAll(clickhouse);
  };
  const rows = async <T>(query: string) => await (await clickhouse.query({ query, format: "JSONEachRow" })).json<T>();
  /** A row of `events` as ingest writes it. */
  const event = (type: string, days: number, given: Record<string, unknown> = {}) => ({
    ...{
      client_key: acme,
      contact_key: nobody,
      occurred_at: at(ago(days)),
      event_id: `e-${count++}`,
      source: "shop",
      type,
    },
    kind: type.startsWith("invoice") ? "order" : type.split(".")[0],
    activity: ["order.placed", "email.clicked", "call.completed"].includes(type),
    revenue_sign: type === "order.placed" ? 1 : type === "order.refunded" ? -1 : 0,
    ...{ topic: "t", partition: 0, offset: count, received_at: at(now), batch_date: "2026-10-27", properties: "{}" },
    ...given,
  });
  const order = (days: number, amount: number, given: Record<string, unknown> = {}) =>
    event("order.placed", days, { order_id: `o-${count}`, amount, currency: "GBP", ...given });

  beforeAll(async () => {
    world = await createTestWorld();
    const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
    await migrate(settings, { timezone, currency: "GBP" });
    clickhouse = connectClickHouse(settings, "test");
    files = new CaseFiles(clickhouse, calendar, { timezone, currency: "GBP" });
    const rate = (currency: string, per_euro: number) => ({
      day: "2026-10-15",
      currency,
      per_euro,
      loaded_at: at(now),
    });
    await insert("exchange_rates", [rate("EUR", 1), rate("GBP", 0.5)]);
    await insert("product_costs", [{ sku: "p1", since: "2020-01-01", unit_cost: 6, who: "ann", written_at: at(now) }]);
    const era = (client_key: string, since: string) => ({ since, client_key });
    await insert("identity_keys", [
      { key: acme, contact_id: nobody, client_key: acme, version: 1 },
      { key: other, contact_id: nobody, client_key: other, version: 1 },
      { key: anaMail, contact_id: ana, client_key: acme, version: 1 },
      { key: anaPhone, contact_id: ana, client_key: acme, version: 1 },
      // Bo moved to the other client 100 days ago.
      {
        ...{ key: bo, contact_id: boContact, client_key: other, version: 1 },
        eras: [era(acme, "1970-01-01 00:00:00.000"), era(other, at(ago(100)))],
      },
    ]);
    const link = (key: string, kind: string, value: string) => ({
      ...{ left_key: key, right_key: key, rule: "seen", left_kind: kind, left_value: value, right_kind: kind },
      ...{ right_value: value, occurred_at: at(ago(500)), source: "shop", event_id: `l-${value}` },
    });
    await insert("identity_links", [
      link(anaMail, "email", "ana@acme.example"),
      link(anaPhone, "phone", "+442079460000"),
      link(bo, "email", "bo@acme.example"),
    ]);
    const trait = (subject_key: string, name: string, value: unknown, days: number, source = "crm") => ({
      ...{ subject_key, subject: subject_key === acme ? "client" : "contact", trait: name, source },
      ...{ occurred_at: at(ago(days)), value: JSON.stringify(value) },
    });
    await insert("client_traits", [
      trait(anaMail, "name", "Ana", 400),
      trait(anaMail, "name", "Ana Diaz", 300),
      trait(anaMail, "role", "buys", 300),
      trait(anaMail, "nps", 9, 300),
      trait(anaMail, "nps", 3, 10),
      trait(acme, "nps", -40, 30),
      trait(acme, "csat", "4", 30),
      trait(acme, "lost", true, 5),
      // Only what people write keeps alerts away.
      trait(acme, "away", { from: "2026-10-01", until: "2026-10-26" }, 4),
    ]);
    // What people wrote counts before what sources said.
    await insert("written_fields", [
      ...[
        { subject_key: anaPhone, subject: "contact", field: "role", since: at(ago(350)), value: '"decides"' },
        {
          subject_key: acme,
          subject: "client",
          field: "away",
          since: at(ago(90)),
          value: '{"from":"2026-08-01","until":"2026-08-15"}',
        },
      ].map((row) => ({ ...row, who: "ann", written_at: at(now) })),
    ]);
    const item = (category: string) => ({ sku: "p1", name: "", category, quantity: 1, unit_price: 10 });
    await insert("events", [
      order(40, 100, { items: [item("paper"), item("paper"), item("toner")], properties: '{"discount":"25.00"}' }),
      order(12, 50, { currency: "EUR" }),
      order(11, 50, { currency: "USD" }),
      order(-3, 1_000),
      event("order.refunded", 30, { order_id: "r", amount: 20, currency: "GBP" }),
      event("invoice.issued", 60, {
        order_id: "i1",
        amount: 70,
        currency: "GBP",
        properties: `{"invoice_id":"i1","due_at":"${new Date(ago(30)).toISOString()}"}`,
      }),
      event("invoice.paid", 20, { order_id: "i1", amount: 70, currency: "GBP", properties: '{"invoice_id":"i1"}' }),
      event("invoice.overdue", 9, { order_id: "i2", amount: 30, currency: "GBP", properties: '{"invoice_id":"i2"}' }),
      event("email.clicked", 50, { contact_key: anaMail }),
      event("email.clicked", 20, { contact_key: anaMail }),
      event("email.bounced", 8, { contact_key: anaMail, properties: '{"bounce_type":"HardBounce"}' }),
      event("email.bounced", 7, { contact_key: anaMail, properties: '{"bounce_type":"SoftBounce"}' }),
      event("call.missed", 6, { contact_key: anaPhone, direction: "inbound" }),
      event("call.missed", 5, { contact_key: anaPhone, direction: "outbound" }),
      event("web.custom", 4, { contact_key: anaMail, properties: '{"name":"Survey","csat":2}' }),
      event("web.form_submitted", 3, { contact_key: anaMail, properties: '{"form":"complaint"}' }),
      event("email.clicked", 150, { client_key: bo, contact_key: bo }),
      event("email.clicked", 90, { client_key: bo, contact_key: bo }),
    ]);
    const random = seededRandom(7);
    await insert(
      "events",
      losing.flatMap((client_key) => {
        let days = 900;
        return Array.from({ length: 8 }, () => {
          days -= Math.ceil(-60 * Math.log(1 - random()) * (random() < 0.2 ? 6 : 1));
          return order(days, 10, { client_key });
        }).filter(({ occurred_at }) => occurred_at < at(now));
      }),
    );
  });
  afterAll(async () => {
    await clickhouse?.close();
    await world?.drop();
  });

  it("hold what was done by and to a client, in its currency, until the time that is asked about", async () => {
    const file = (await files.load([acme], now)).get(acme)!;
    expect(file.orders.map(({ atMs, ...rest }) => [(now - atMs) / dayMs, rest])).toEqual([
      [40, { amount: 100, groups: ["paper", "toner"], discount: 0.2 }],
      [30, { amount: -20, groups: [], discount: undefined }],
      // The euro's rate is twelve days old at the second, and nobody knows one of the dollar.
      [12, { amount: 25, groups: [], discount: undefined }],
      [11, { amount: undefined, groups: [], discount: undefined }],
    ]);
    expect(file.invoices.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: "i1", dueMs: ago(30), paidMs: ago(20), amount: 70 },
      { id: "i2", dueMs: ago(9), paidMs: undefined, amount: 30 },
    ]);
    expect(file.margins).toHaveLength(1);
    expect(file.margins[0]!.share).toBeCloseTo((30 - 18) / 30, 9);
    expect(file.groups.toSorted((a, b) => b.share - a.share).map(({ name, share }) => [name, share])).toEqual([
      ["paper", expect.closeTo(2 / 3, 9)],
      ["toner", expect.closeTo(1 / 3, 9)],
    ]);
    expect(file.saidLostDays).toEqual([calendar.dayOf(ago(5))]);
    expect(file.absences).toEqual([{ startMs: Date.UTC(2026, 6, 31, 23), endMs: Date.UTC(2026, 7, 15, 23) }]);
    expect(file.complaintsMs).toEqual([ago(3)]);
  });

  it("know people by name and role, under whichever identifier they acted", async () => {
    const file = (await files.load([acme], now)).get(acme)!;
    const ana = { contact: "Ana Diaz", isDecisionMaker: true };
    expect(file.mail).toEqual([
      { contact: "bo@acme.example", isDecisionMaker: false, atMs: ago(150), type: "sign_of_life" },
      { ...ana, atMs: ago(20), type: "sign_of_life" },
      { ...ana, atMs: ago(8), type: "hard_bounce" },
    ]);
    expect(file.calls.map(({ contact, type }) => [contact, type])).toEqual([
      ["Ana Diaz", "missed"],
      ["Ana Diaz", "talked"],
    ]);
    // The company's own net score of -40 is none of a person's points.
    expect(file.answers.map(({ contact, scale, score }) => [contact, scale, score])).toEqual([
      ["Ana Diaz", "nps", 9],
      ["", "csat", 4],
      ["Ana Diaz", "nps", 3],
      ["Ana Diaz", "csat", 2],
    ]);
    expect(file.contacts.find(({ name }) => name === "Ana Diaz")).toMatchObject({
      isDecisionMaker: true,
      activity: { activeDays: 2, firstActiveMs: ago(50), lastActiveMs: ago(20), sumLogGapDays: Math.log(30) },
    });
  });

  it("leave what a person did before moving with the earlier client", async () => {
    const both = await files.load([acme, other], now);
    const first = (client: string) => both.get(client)!.contacts.find(({ name }) => name === "bo@acme.example")!;
    expect([acme, other].map((client) => first(client).activity!.firstActiveMs)).toEqual([ago(150), ago(90)]);
  });

  it("are the same whether asked by name or in parts of all", async () => {
    const clients = [acme, other, ...losing];
    const byName = await files.load(clients, now);
    const small = new CaseFiles(clickhouse, calendar, { timezone, currency: "GBP" }, 3);
    const histories: ClientHistory[] = clients.map((clientId) => ({
      clientId,
      channels: {},
      revenue: { days: [], amounts: [] },
    }));
    const inParts = new Map<string, CaseFile>();
    for await (const { history, file } of small.withFilesOfAll(histories, now)) inParts.set(history.clientId, file);
    expect(inParts.size).toBe(clients.length);
    for (const id of clients) expect(inParts.get(id)).toEqual(byName.get(id) ?? emptyCaseFile);
    // Parts are neighbours in ClickHouse's order of ids.
    const [inOrder] = await rows<{ ids: string[] }>(
      `SELECT arraySort(arrayMap(id -> toUUID(id), [${clients.map((id) => `'${id}'`).join(",")}])) AS ids`,
    );
    expect([...inParts.keys()]).toEqual(inOrder!.ids);
  });

  it("count a client as lost exactly when the view client_losses does", async () => {
    const today = calendar.dayOf(now);
    const { criterion, revenue } = await new CasePanels(clickhouse, calendar).read(now, 0.01);
    expect(criterion).toEqual({ gaps: 3, days: 90, daysFirst: 180 });
    expect(revenue.ofYear(today)).toBeGreaterThan(0);
    const seen = await rows<{ client_id: string; last: number; lost: number; back: number | null }>(
      `SELECT client_id, toUInt16(last_order) AS last, toUInt16(lost_on) AS lost, toUInt16(won_back_on) AS back
       FROM client_losses_at(as_of = '2026-10-27') ORDER BY client_id, last`,
    );
    const orderDays = await rows<{ client_id: string; days: number[] }>(
      `SELECT toString(client_key) AS client_id, arraySort(groupUniqArray(toUInt16(day))) AS days
       FROM revenue_daily WHERE orders > 0 AND day <= '2026-10-27' GROUP BY client_key`,
    );
    const told = orderDays
      .flatMap(({ client_id, days: list }) =>
        lossesOf(list, client_id === acme ? [calendar.dayOf(ago(5))] : [], criterion, today).map((loss) => ({
          client_id,
          ...{ last: loss.lastOrderDay, lost: loss.lostDay, back: loss.backDay ?? null },
        })),
      )
      .sort((a, b) => a.client_id.localeCompare(b.client_id) || a.last - b.last);
    expect(told.length).toBeGreaterThan(20);
    expect(told).toEqual(seen.toSorted((a, b) => a.client_id.localeCompare(b.client_id) || a.last - b.last));
  });
});
