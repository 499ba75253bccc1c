import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { mappedJson } from "./mappedJson.ts";
import { tryMapping } from "./tryMapping.ts";

const booking = JSON.parse(readFileSync(new URL("samples/booking.json", import.meta.url), "utf8"));
const bookingText = readFileSync(new URL("samples/booking.json", import.meta.url), "utf8");

/** As somebody would write it who maps the booking system's messages. */
const expression = `
  event = "booking.confirmed" ? {
    "id": reference & ":placed",
    "type": "order.placed",
    "occurred_at": confirmed_at,
    "identifiers": { "email": guest.mail, "phone": guest.mobile, "user_id": "booking:" & guest.number },
    "properties": {
      "order_id": reference,
      "amount": $fromMinorUnits(total_cents),
      "currency": $uppercase(currency),
      "items": rooms.{ "sku": code, "quantity": nights, "unit_price": $fromMinorUnits(rate_cents) }[]
    }
  }`;

const contextFor = (text: string, more: object = {}) =>
  contextOf(mappedJson, { secrets: ["token-1"], settings: { expression: text, ...more } });
const parse = (text: string, body: unknown, headers: Record<string, string> = {}) =>
  mappedJson.parse(providerRequest(typeof body === "string" ? body : JSON.stringify(body), headers), contextFor(text));

const placed = {
  id: "B-2041:placed",
  type: "order.placed",
  occurred_at: "2026-01-02T03:04:05Z",
  identifiers: { email: "ana@acme.example", phone: "+493012345678", user_id: "booking:12345678901234567890" },
  properties: {
    order_id: "B-2041",
    amount: "1234.56",
    currency: "EUR",
    items: [
      { sku: "DBL", quantity: 2, unit_price: "600.00" },
      { sku: "BRK", quantity: 2, unit_price: "17.28" },
    ],
  },
};

describe("A mapping", () => {
  it("makes an event of a body, money and long ids exact", async () => {
    expect(eventsOf(await parse(expression, bookingText))).toEqual([placed]);
    expect(await parse(expression, { event: "booking.seen" })).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("makes events of each element of a list, which can be replayed by itself", async () => {
    const elements = await parse(expression, [booking, { ...booking, total_cents: "12,34" }, {}]);
    expect(elements).toMatchObject([
      { events: [{ id: "B-2041:placed" }] },
      { fault: expect.stringContaining("$fromMinorUnits: needs a whole number") },
      { unused: "no_meaning" },
    ]);
    expect(await parse(expression, elements[0]!.raw.toString())).toMatchObject([{ events: [{ id: "B-2041:placed" }] }]);
  });

  it("makes several events of one body, and keeps the good ones where others are faults", async () => {
    const each = 'calls.{"id": id, "type": kind, "occurred_at": at, "properties": {"direction": "inbound"}}';
    const calls = [
      { id: "1", kind: "call.missed", at: "2026-01-02T03:04:05Z" },
      { kind: "call.missed", at: "2026-01-02T03:04:05Z" },
      { id: "3", kind: "call.parked", at: "2026-01-02T03:04:05Z" },
    ];
    const elements = await parse(each, { calls });
    expect(elements).toMatchObject([
      { events: [{ id: "1", type: "call.missed" }] },
      { fault: "event 2: id: is missing; without it a retry can't be told from a new event" },
      { unused: "unknown_type" },
    ]);
    expect(eventsOf(elements)).toHaveLength(1);
  });

  it("sees the request's headers, but no secret, and a hash of the body for senders without ids", async () => {
    const seen =
      '{"id": $bodyHash, "type": "web.custom", "occurred_at": $receivedAt, "properties": {"name": "x", "h": $headers}}';
    const headers = { "X-Event": "ping", Authorization: "Bearer token-1", "X-Keypulse-Token": "token-1", Cookie: "c" };
    expect(eventsOf(await parse(seen, { a: 1 }, headers))).toEqual([
      {
        id: "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
        type: "web.custom",
        occurred_at: "2026-01-02T03:04:05.000Z",
        identifiers: {},
        properties: { name: "x", h: { "x-event": "ping" } },
      },
    ]);
  });

  it.each([
    ["recurses without end, growing the stack", "($f := function($x) { 1 + $f($x) }; $f(1))", /D1011|Stack/],
    ["recurses without end in constant space", "($f := function($x) { $f($x + 1) }; $f(1))", /D1012/],
    ["makes a long list", "[1..100000]", /D2015/],
    ["backtracks", "$match(text, /(a+)+$/)", /takes longer than 50 ms/],
    ["backtracks in many matches", '$replace(text, /(a|aa)+c|a/, "x")', /takes longer than 50 ms/],
    ["doubles a text", '($f := function($s) { $f($s & $s) }; $f("ab"))', /a text grew longer/],
    ["pads a text", '$pad("x", 400000000)', /a text grew longer/],
    ["returns a function", "function($x) { $x }", /function/],
    ["holds a function", '{"id": "1", "f": function($x) { $x }}', /does it hold a function/],
    ["calls what isn't there", "$nothing(1)", /T1006/],
    ["compares what can't be compared", "text < 5", /T2009: The values … and 5 either side/],
    ["throws", '$error("no")', /no/],
  ])("that %s hurts nobody: the element is a fault", async (_name, bad, fault) => {
    const began = performance.now();
    const [element] = await parse(bad, { text: `${"a".repeat(40)}b`.repeat(20) });
    expect(element).toMatchObject({ fault: expect.stringMatching(fault) });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("that is slow leaves others their turn, and gives up on the rest of a long list", async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const endless = "($f := function($x) { $f($x + 1) }; $f(1))";
    const elements = await parse(
      endless,
      Array.from({ length: 50 }, () => ({})),
    );
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(2);
    expect(elements.at(-1)).toMatchObject({ fault: expect.stringContaining("the body's elements before took") });
  });

  it("that is no JSONata is refused with its place when the source is wired", () => {
    const result = mappedJson.settings.safeParse({ expression: '{"id": reference' });
    expect(result.error?.issues[0]).toMatchObject({ path: ["expression"], message: expect.stringContaining("S0203") });
  });

  it("needs a body that is an object or a list", async () => {
    for (const body of ["", "7", "null", '"x"', "{"]) {
      await expect(parse(expression, body)).rejects.toThrow(MalformedBody);
    }
  });

  it("never breaks the reader, whatever the body", async () => {
    const context = contextFor(expression);
    await fc.assert(
      fc.asyncProperty(nearly([booking, [booking, booking]]).random, async (body) => {
        try {
          for (const element of await mappedJson.parse(providerRequest(body), context)) {
            expect(Buffer.isBuffer(element.raw)).toBe(true);
          }
        } catch (error) {
          if (!(error instanceof MalformedBody)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("The try-out of a mapping", () => {
  it("shows the events, and what the contract would find wrong with them", async () => {
    expect(await tryMapping(expression, bookingText)).toEqual({ results: [{ outcomes: [{ events: [placed] }] }] });
    const forgetful = expression.replace('"currency"', '"money"');
    expect(await tryMapping(forgetful, bookingText)).toMatchObject({
      results: [{ outcomes: [{ problems: [expect.stringContaining("order.placed: properties.currency")] }] }],
    });
  });

  it("shows where an expression is wrong", async () => {
    expect(await tryMapping('{\n  "id": reference &\n}', "{}")).toEqual({
      fault: expect.stringContaining("S0211"),
      of: "expression",
      place: { position: 22, line: 3, column: 1 },
    });
  });

  it("shows where a run failed", async () => {
    expect(await tryMapping('{\n  "id": 1 + reference\n}', '{"reference": "B-1"}')).toMatchObject({
      results: [{ fault: expect.stringContaining("T2002"), place: { line: 2 } }],
    });
  });

  it("says that the sample is no JSON", async () => {
    expect(await tryMapping("{}", '{"a": }')).toEqual({
      fault: "the body is not JSON",
      of: "sample",
    });
  });
});

describe("A sender of mapped JSON", () => {
  it("is known by its token, in the header that it can use", async () => {
    const verify = (headers: Record<string, string>, more: object = {}) =>
      mappedJson.verify(providerRequest("{}", headers), contextFor("{}", more), offline);
    expect(await verify({ Authorization: "Bearer token-1" })).toEqual({ ok: true });
    expect(await verify({ "X-Booking-Secret": "token-1" }, { token_header: "X-Booking-Secret" })).toEqual({ ok: true });
    expect(await verify({ "X-Booking-Secret": "token-1" })).toMatchObject({ ok: false });
    expect(await verify({ "X-Booking-Secret": "token" }, { token_header: "X-Booking-Secret" })).toMatchObject({
      ok: false,
    });
  });

  it("has a sample that passes its own check", async () => {
    for (const token_header of [undefined, "X-Booking-Secret"]) {
      const context = contextFor(expression, { sample: bookingText, token_header });
      const sample = mappedJson.sample("https://collector.example/hooks/s1", context);
      expect(await mappedJson.verify(sample, context, offline)).toEqual({ ok: true });
      expect(eventsOf(await mappedJson.parse(sample, context))).toEqual([placed]);
    }
  });
});
