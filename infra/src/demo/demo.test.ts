import { createHash } from "node:crypto";
import { type ContractEvent, parseEvent, vocabulary } from "@keypulse/contracts";
import { beforeAll, describe, expect, test } from "vitest";
import { createWallClock, dayOf, startOfDay, yesterday } from "./calendar.ts";
import { demoCompany } from "./companies.ts";
import { dateHistory, type History, readHistory } from "./history.ts";
import { createLiveEvents } from "./live.ts";
import { decimal } from "./onlineRetail.ts";
import { seededRandom } from "./random.ts";
import { endOfFileMs, hasLeft } from "./rhythm.ts";

const days = { lastDay: "2026-11-21", timeZone: "Europe/London" };
let history: History;
let events: readonly ContractEvent[];

beforeAll(async () => {
  history = await readHistory();
  events = Array.from(dateHistory(history, days), ({ value }) => accepted(JSON.parse(value)));
});

function accepted(value: unknown): ContractEvent {
  const parsed = parseEvent(value);
  if ("problem" in parsed) throw new Error(`${parsed.problem.detail}: ${JSON.stringify(value).slice(0, 300)}`);
  return parsed.event;
}

function milli(amount: unknown): number {
  const [whole, places = ""] = String(amount).split(".");
  return Number(whole) * 1000 + Number(places.padEnd(3, "0"));
}

describe("the history", () => {
  test("has every invoice as one order event, and its sums to the thousandth", () => {
    const orders = events.filter(({ source }) => source === "online-retail");
    const count = (type: string): number => orders.filter((order) => order.type === type).length;
    expect(new Set(orders.map(({ id }) => id)).size).toBe(25_900);
    expect({
      placed: count("order.placed"),
      cancelled: count("order.cancelled"),
      refunded: count("order.refunded"),
    }).toEqual({
      placed: 20_726,
      cancelled: 3_836,
      refunded: 1_338,
    });
    let lines = 0;
    let total = 0;
    let ofClients = 0;
    for (const { type, identifiers, properties } of orders) {
      const items = properties.items as { quantity: string; unit_price: string }[];
      const amount = milli(properties.amount);
      lines += items.length;
      expect(items.reduce((sum, item) => sum + Number(item.quantity) * milli(item.unit_price), 0)).toBe(amount);
      const signed = type === "order.placed" ? amount : -amount;
      total += signed;
      if (identifiers.account_id !== undefined) ofClients += signed;
    }
    expect({ lines, total, ofClients }).toEqual({ lines: 541_909, total: 9_747_747_934, ofClients: 8_300_065_814 });
    expect(new Set(orders.flatMap(({ identifiers }) => identifiers.account_id ?? [])).size).toBe(4_372);
  });

  test("is the same on every machine, and no id comes twice", () => {
    const digest = createHash("sha256");
    for (const { value } of dateHistory(history, { ...days, lastDay: "2024-06-30" })) digest.update(value);
    // A change of what is made up changes this, and the counts in infra/demo/README.md with it.
    expect(digest.digest("hex")).toBe("8d2923ac41b3e8d7c702a6cd94184f88a9f35f01c6004b9c9e391df325a99ab9");
    expect(new Set(events.map(({ source, id }) => `${source} ${id}`)).size).toBe(events.length);
  });

  test("ends on its last day, in the order of its time", () => {
    const times = events.map((event) => Date.parse(event.occurred_at));
    expect(dayOf(times.at(-1)!)).toBe("2026-11-21");
    // Only the hour that comes twice when clocks go back may turn the order round, and nobody is up by then.
    expect(times.every((time, index) => index === 0 || time >= times[index - 1]!)).toBe(true);
  });

  test("has made-up companions of every kind, none of which belongs to nobody", () => {
    const companions = events.filter(({ source }) => source !== "online-retail");
    expect(companions.length).toBeGreaterThan(150_000);
    expect(companions.length).toBeLessThan(200_000);
    expect(companions.every(({ source }) => source.startsWith("demo-"))).toBe(true);
    expect(companions.every(({ identifiers }) => Object.keys(identifiers).length > 0)).toBe(true);
    const types = new Set(companions.map(({ type }) => type));
    for (const type of [
      "group",
      "identify",
      "web.product_viewed",
      "email.opened",
      "email.replied",
      "call.missed",
    ] as const) {
      expect(types).toContain(type);
    }
    expect(companions.some(({ properties }) => properties.machine === true)).toBe(true);
    // Whoever looked around without a name said it in the end, so there is nobody who is no client.
    const named = new Set(
      events.flatMap((event) => (event.type === "identify" ? Object.values(event.identifiers) : [])),
    );
    const browsers = new Set(companions.flatMap(({ identifiers }) => identifiers.anonymous_id ?? []));
    expect([...browsers].filter((browser) => !named.has(browser))).toEqual([]);
  });

  test("lets clients that stop ordering stop elsewhere, too", () => {
    const lastActivity = new Map<string, number>();
    const clientOf = (event: ContractEvent): string | undefined => /^[a-z]+-(\d{5})-\d+$/.exec(event.id)?.[1];
    for (const event of events) {
      const client = clientOf(event);
      const { activity } = vocabulary[event.type];
      if (client && activity && event.properties.machine !== true)
        lastActivity.set(client, Date.parse(event.occurred_at));
    }
    const shiftMs = startOfDay(days.lastDay) - startOfDay("2011-12-09");
    const left = history.clients.filter((client) => client.orders.length > 0 && hasLeft(client));
    expect(left.length).toBeGreaterThan(500);
    for (const { customer, orders } of left) {
      const sinceLastOrder = (lastActivity.get(customer) ?? 0) - shiftMs - orders.at(-1)!.wallMs;
      expect(sinceLastOrder / 86_400_000).toBeLessThan(40);
    }
  });
});

describe("made-up companies", () => {
  test("have names, addresses and phone numbers that no other has", () => {
    const companies = history.clients.map(({ customer, country, orders }) =>
      demoCompany(customer, country, orders.length),
    );
    const contacts = companies.flatMap((company) => company.contacts);
    const phones = contacts.flatMap(({ phone }) => phone ?? []);
    expect(new Set(companies.map(({ name }) => name)).size).toBe(4_372);
    expect(new Set(contacts.map(({ email }) => email)).size).toBe(contacts.length);
    expect(contacts.every(({ email }) => email.endsWith(".example"))).toBe(true);
    expect(phones.length).toBeGreaterThan(4_000);
    expect(new Set(phones).size).toBe(phones.length);
    // Ofcom's numbers for drama.
    const drama = /^\+44(11[3-8]4960|1[2-6]14960|2079460|1914980|2896496|2920180|1632960|7700900)\d{3}$/;
    expect(phones.filter((phone) => !drama.test(phone))).toEqual([]);
  });
});

describe("the live stream", () => {
  test("makes valid events of clients that are active, with now as their time", () => {
    const random = seededRandom("live");
    const live = createLiveEvents(history.clients, random, "run");
    const nowMs = Date.parse("2026-11-22T10:00:00Z");
    const made = Array.from({ length: 5_000 }, () => accepted(JSON.parse(live.next(nowMs).value)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
    expect(made.every(({ occurred_at }) => Date.parse(occurred_at) === nowMs)).toBe(true);
    const orders = made.filter(({ source }) => source === "online-retail");
    expect(orders.length).toBeGreaterThan(50);
    expect(orders.every(({ properties }) => properties.demo === true)).toBe(true);
    const silent = new Set(
      history.clients
        .filter(({ orders: [...placed] }) => (placed.at(-1)?.wallMs ?? 0) < endOfFileMs - 60 * 86_400_000)
        .map(({ customer }) => customer),
    );
    expect(made.filter(({ identifiers }) => silent.has(identifiers.account_id ?? ""))).toEqual([]);
  });

  test("begins with a sign of life of each source that moves no money", () => {
    const live = createLiveEvents(history.clients, seededRandom("signs"), "run");
    const signs = live.signsOfLife(Date.now()).map(({ value }) => accepted(JSON.parse(value)));
    expect(signs.map(({ source }) => source).sort()).toEqual(["demo-mail", "demo-phone", "demo-web", "online-retail"]);
    expect(signs.map(({ type }) => type)).not.toContain("order.placed");
  });
});

describe("wall-clock time", () => {
  test("keeps the time of day over daylight saving", () => {
    const london = createWallClock("Europe/London");
    const iso = (wall: string): string => new Date(london(Date.parse(wall))).toISOString();
    expect(iso("2026-03-28T09:00:00Z")).toBe("2026-03-28T09:00:00.000Z");
    expect(iso("2026-03-29T09:00:00Z")).toBe("2026-03-29T08:00:00.000Z");
    expect(iso("2026-10-24T23:59:00Z")).toBe("2026-10-24T22:59:00.000Z");
    expect(iso("2026-10-25T09:00:00Z")).toBe("2026-10-25T09:00:00.000Z");
  });

  test("takes the first of an hour that comes twice, and goes on from before one that is skipped", () => {
    const london = createWallClock("Europe/London");
    expect(new Date(london(Date.parse("2026-10-25T01:30:00Z"))).toISOString()).toBe("2026-10-25T00:30:00.000Z");
    expect(new Date(london(Date.parse("2026-03-29T01:30:00Z"))).toISOString()).toBe("2026-03-29T01:30:00.000Z");
    const apia = createWallClock("Pacific/Apia");
    expect(new Date(apia(Date.parse("2026-01-01T00:00:00Z"))).toISOString()).toBe("2025-12-31T11:00:00.000Z");
  });

  test("knows yesterday where the workspace is", () => {
    const nowMs = Date.parse("2026-01-01T05:00:00Z");
    expect(yesterday("Europe/London", nowMs)).toBe("2025-12-31");
    expect(yesterday("America/Los_Angeles", nowMs)).toBe("2025-12-30");
    expect(yesterday("UTC", nowMs)).toBe("2025-12-31");
  });
});

test("thousandths read as decimals", () => {
  expect([0, 1, 2550, 1000, 168_469_600].map(decimal)).toEqual(["0.00", "0.001", "2.55", "1.00", "168469.60"]);
});
