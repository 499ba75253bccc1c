import { createTestWorkspace, seededRandom, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientHistory } from "../domain/clientHistory.ts";
import { Histories } from "./histories.ts";

const dayMs = 86_400_000;
const firstDay = 20_000;
const nobody = "00000000-0000-0000-0000-000000000000";
const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** Key 100 + n is a person of client n / 2; those of clients 0 and 1 moved to client 2 on a day; the last 3 are of nobody known. */
const clients = 8;
const people = 2 * clients;
const movedOn = firstDay + 60;
const keys = [...Array.from({ length: people + 3 }, (_, n) => uuid(100 + n))];
const moved = (key: number): boolean => key < 4 && key % 2 === 0;
function ownerOf(key: number, day: number): string {
  if (key >= people) return keys[key]!;
  if (moved(key) && day >= movedOn) return uuid(2);
  return uuid(key >> 1);
}

interface Act {
  key: number;
  atMs: number;
  source: string;
  type: "order.placed" | "order.refunded" | "web.page_viewed" | "email.delivered" | "email.clicked";
  amount: number;
}

const activeTypes = ["order.placed", "web.page_viewed", "email.clicked"];

function drawActs(): Act[] {
  const random = seededRandom(7);
  return Array.from({ length: 1_500 }, () => {
    const key = Math.floor(keys.length * random() ** 1.5);
    const types = ["order.placed", "order.refunded", "web.page_viewed", "email.delivered", "email.clicked"] as const;
    const type = types[Math.floor(random() * 5)]!;
    return {
      key,
      atMs: (firstDay + Math.floor(random() * 120)) * dayMs + Math.floor(random() * dayMs),
      source: ["shop", "mailbox", "site"][Math.floor(random() * 3)]!,
      type,
      amount: type.startsWith("order") ? Math.round(random() * 10_000) / 100 : 0,
    };
  });
}

/** A client's history as it is told in words: whose day it is, summed up one act after the other. */
function expectedOf(acts: readonly Act[], client: string) {
  const own = acts.filter((act) => ownerOf(act.key, Math.floor(act.atMs / dayMs)) === client);
  const channel = (list: readonly Act[]) => {
    if (list.length === 0) return undefined;
    const days = Map.groupBy(list, ({ atMs }) => Math.floor(atMs / dayMs));
    const times = list.map(({ atMs }) => atMs);
    return {
      days: [...days.keys()].sort((a, b) => a - b),
      counts: [...days].sort(([a], [b]) => a - b).map(([, ofDay]) => ofDay.length),
      firstAtMs: Math.min(...times),
      lastAtMs: Math.max(...times),
    };
  };
  const net = new Map<number, number>();
  for (const { type, amount, atMs } of own.filter((act) => act.type.startsWith("order"))) {
    const day = Math.floor(atMs / dayMs);
    net.set(day, (net.get(day) ?? 0) + Math.round(amount * 100) * (type === "order.placed" ? 1 : -1));
  }
  return {
    clientId: client,
    orders: channel(own.filter(({ type }) => type === "order.placed")),
    all: channel(own.filter(({ type }) => activeTypes.includes(type))),
    email: channel(own.filter(({ type }) => type === "email.clicked")),
    web: channel(own.filter(({ type }) => type === "web.page_viewed")),
    revenue: [...net].sort(([a], [b]) => a - b).map(([day, cents]) => [day, cents / 100]),
  };
}

function plain({ clientId, channels: { orders, all, email, web }, revenue }: ClientHistory) {
  const channel = (history: typeof all) =>
    history && {
      days: [...history.days],
      counts: [...history.counts],
      firstAtMs: history.firstAtMs,
      lastAtMs: history.lastAtMs,
    };
  return {
    clientId,
    orders: channel(orders),
    all: channel(all),
    email: channel(email),
    web: channel(web),
    revenue: Array.from(revenue.days, (day, i) => [day, revenue.amounts[i]]),
  };
}

describe("histories of clients", () => {
  let workspace: TestWorkspace;
  const acts = drawActs();
  const ids = [...Array.from({ length: clients }, (_, n) => uuid(n)), ...keys.slice(people)];
  const expected = ids.map((id) => expectedOf(acts, id));

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    const { clickhouse } = workspace;
    await clickhouse.insert({
      table: "identity_keys",
      format: "JSONEachRow",
      values: keys.slice(0, people).map((key, n) => ({
        ...{ key, contact_id: key, client_key: moved(n) ? uuid(2) : uuid(n >> 1), version: 1 },
        eras: moved(n)
          ? [
              { since: 0, client_key: uuid(n >> 1) },
              { since: movedOn * dayMs, client_key: uuid(2) },
            ]
          : [],
      })),
    });
    await clickhouse.insert({
      table: "events",
      format: "JSONEachRow",
      values: acts.map(({ key, atMs, source, type, amount }, n) => ({
        ...{ client_key: keys[key], contact_key: nobody, occurred_at: atMs, event_id: String(n), source },
        ...{ kind: type.split(".")[0], type },
        activity: activeTypes.includes(type),
        revenue_sign: type === "order.placed" ? 1 : type === "order.refunded" ? -1 : 0,
        ...{ order_id: String(n), amount: String(amount), currency: type.startsWith("order") ? "EUR" : "" },
        ...{ topic: "t", offset: n, received_at: atMs, batch_date: "2026-01-01" },
      })),
    });
    await workspace.settleOrders();
  });
  afterAll(async () => await workspace.close());

  const sorted = (list: ClientHistory[]) =>
    list.map(plain).sort((a, b) => ids.indexOf(a.clientId) - ids.indexOf(b.clientId));

  it.each([1_000, 5])("are what was done, of everybody (%i keys a part)", async (keysAPart) => {
    const histories = await new Histories(
      workspace.clickhouse,
      { currency: "EUR", timezone: "UTC" },
      keysAPart,
    ).loadAll();
    expect(sorted(histories)).toEqual(expected);
  });

  it("are the same of clients that are asked for, people who moved included", async () => {
    const asked = ids.filter((_, i) => i % 2 === 0);
    const histories = await new Histories(workspace.clickhouse, { currency: "EUR", timezone: "UTC" }).load(asked);
    expect(sorted(histories)).toEqual(expected.filter(({ clientId }) => asked.includes(clientId)));
  });

  it("know what was bought of invoices alone, and no order by one that failed", async () => {
    const [billed, refused] = [uuid(900), uuid(901)];
    const message = (client_key: string, day: number, type: string, order_id: string, properties = {}) => ({
      ...{ client_key, contact_key: nobody, occurred_at: (firstDay + day) * dayMs + 3_600_000, source: "books" },
      ...{ event_id: `${type} ${order_id}`, kind: "order", type, activity: type === "order.placed", order_id },
      ...{ amount: "50", currency: "EUR", topic: "t", received_at: firstDay * dayMs, batch_date: "2026-01-01" },
      properties: JSON.stringify(properties),
    });
    await workspace.clickhouse.insert({
      table: "events",
      format: "JSONEachRow",
      values: [
        message(billed, 1, "invoice.issued", "b1", { invoice_id: "b1" }),
        message(billed, 9, "invoice.paid", "b1", { invoice_id: "b1" }),
        message(billed, 8, "invoice.issued", "b2", { invoice_id: "b2" }),
        message(billed, 12, "invoice.issued", "b3", { invoice_id: "b3" }),
        message(billed, 13, "invoice.voided", "b3", { invoice_id: "b3" }),
        message(refused, 3, "order.placed", "o1"),
        message(refused, 4, "order.updated", "o1", { state: "failed" }),
        message(refused, 5, "order.placed", "o2"),
      ],
    });
    await workspace.settleOrders();
    const [first, second] = await new Histories(workspace.clickhouse, { currency: "EUR", timezone: "UTC" }).load([
      billed,
      refused,
    ]);
    const [ofBilled, ofRefused] = first!.clientId === billed ? [first!, second!] : [second!, first!];
    const hour = (day: number) => (firstDay + day) * dayMs + 3_600_000;
    const bought = { days: [firstDay + 1, firstDay + 8], counts: [1, 1], firstAtMs: hour(1), lastAtMs: hour(8) };
    expect(plain(ofBilled)).toEqual({ clientId: billed, orders: bought, all: bought, revenue: [] });
    expect(plain(ofRefused)).toMatchObject({
      orders: { days: [firstDay + 5], counts: [1], firstAtMs: hour(5), lastAtMs: hour(5) },
      all: { days: [firstDay + 3, firstDay + 5], counts: [1, 1], firstAtMs: hour(3) },
      revenue: [[firstDay + 5, 50]],
    });
    expect(
      await workspace.rows(
        `SELECT toUnixTimestamp64Milli(first_order) AS first, toUnixTimestamp64Milli(last_order) AS last FROM clients WHERE client_id = '${refused}'`,
      ),
    ).toEqual([{ first: hour(5), last: hour(5) }]);
  });

  it("say which share of a channel comes from each source", async () => {
    const [history] = await new Histories(workspace.clickhouse, { currency: "EUR", timezone: "UTC" }).load([uuid(5)]);
    const own = acts.filter(({ key, type }) => key >> 1 === 5 && type === "order.placed");
    for (const source of ["shop", "mailbox", "site"]) {
      const share = own.filter((act) => act.source === source).length / own.length;
      expect(history!.channels.orders!.sourceShares.get(source) ?? 0).toBeCloseTo(share, 12);
    }
  });
});
