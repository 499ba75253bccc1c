import type { MappedEvent, ParsedElement } from "@keypulse/connectors";
import { refusedHeaders, topicNames } from "@keypulse/contracts";
import { describe, expect, it } from "vitest";
import { type MappingContext, toMessages } from "./messages.ts";
import { storeSecret } from "./secrets.ts";
import { type Source, sourceSchema } from "./source.ts";

const topics = topicNames("t.");
const now = "2026-01-02T03:04:05.000Z";
const context = (given: Partial<Source> = {}, request?: MappingContext["request"]): MappingContext => ({
  source: sourceSchema.parse({
    id: "shop",
    name: "Shop",
    connector: "shopify",
    created_at: now,
    updated_at: now,
    ...given,
  }),
  topics,
  kind: "order",
  receivedAt: new Date(now),
  ...(request && { request }),
});
const order = (given: Partial<MappedEvent> = {}): MappedEvent => ({
  id: "o-1:placed",
  type: "order.placed",
  occurred_at: now,
  identifiers: { email: "Ana@Acme.example" },
  properties: { order_id: "o-1", amount: "29.35", currency: "EUR" },
  ...given,
});
const raw = Buffer.from('{"id":1}');

describe("toMessages", () => {
  it("refuses what is nested thousands deep alone, and takes what came with it", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 5_000; depth++) deep = { a: deep };
    const nested = order({ properties: { order_id: "o-1", amount: "1", currency: "EUR", deep } });
    const { messages, events, refused } = toMessages(
      [
        { raw, events: [order()] },
        { raw, events: [nested] },
        { raw, events: [order({ id: "o-2" })] },
      ],
      context(),
    );
    expect([events, refused]).toEqual([2, { malformed: 1 }]);
    expect(messages[1]).toMatchObject({ value: raw, headers: { [refusedHeaders.reason]: "malformed" } });
  });

  it("writes events to the topic of their kind, keyed by the strongest identifier", () => {
    const call = order({ id: "c", type: "call.started", identifiers: {}, properties: { direction: "inbound" } });
    const identify = order({
      id: "i",
      type: "identify",
      identifiers: { account_id: "acme", email: "a@b.example" },
      properties: {},
    });
    const { messages, events } = toMessages([{ raw, events: [order(), call, identify] }], context());
    expect(events).toBe(3);
    expect(messages.map(({ topic, key }) => [topic, key])).toEqual([
      ["t.events.order", "email:ana@acme.example"],
      ["t.events.call", "shop:c"],
      ["t.events.order", "account_id:acme"],
    ]);
    expect(messages[0]!.headers).toMatchObject({ ce_id: "o-1:placed", ce_source: "shop", ce_type: "order.placed" });
    expect(JSON.parse(String(messages[0]!.value))).toMatchObject({ source: "shop", version: 1 });
  });

  it("keeps the bytes of everything else with the reason, an element as a whole", () => {
    const elements: ParsedElement[] = [
      { raw, fault: "id: is missing" },
      { raw, unused: "no_meaning", detail: "a draft" },
      { raw, events: [order(), order({ properties: { order_id: "o-1", amount: "-1", currency: "EUR" } })] },
    ];
    const { messages, events, refused } = toMessages(elements, context());
    expect({ events, refused }).toEqual({ events: 0, refused: { malformed: 1, no_meaning: 1, invalid: 1 } });
    expect(messages.map(({ value, headers }) => [value, headers[refusedHeaders.reason]])).toEqual([
      [raw, "malformed"],
      [raw, "no_meaning"],
      [raw, "invalid"],
    ]);
    expect(messages[2]!.headers[refusedHeaders.detail]).toContain("properties.amount");
  });

  it("keeps no secret that came in a header of the sender's own name", () => {
    const secrets = [storeSecret("hush-hush", "shop", 0)];
    const request = {
      method: "POST",
      url: "https://c.example/",
      headers: { "x-door": "hush-hush", "x-kind": "order" },
    };
    const { messages } = toMessages([{ raw, fault: "odd" }], context({ secrets }, request));
    expect(JSON.parse(messages[0]!.headers[refusedHeaders.request]!).headers).toEqual({ "x-kind": "order" });
  });

  it("counts nothing of a paused source, and keeps it for a replay", () => {
    const { messages, events, refused } = toMessages([{ raw, events: [order()] }], context({ state: "paused" }));
    expect({ events, refused, values: messages.map(({ value }) => value) }).toEqual({
      events: 0,
      refused: { paused: 1 },
      values: [raw],
    });
  });

  it("keeps the request for a replay, without what authorises", () => {
    const request = {
      method: "POST",
      url: "https://c.example/hooks/shop?x=1",
      headers: {
        "x-shopify-topic": "orders/create",
        authorization: "Basic aHVzaA==",
        "x-api-key": "hush",
        cookie: "hush",
      },
    };
    const { messages } = toMessages([{ raw, fault: "odd" }], context({}, request));
    expect(JSON.parse(messages[0]!.headers[refusedHeaders.request]!)).toEqual({
      ...request,
      headers: { "x-shopify-topic": "orders/create" },
    });
  });
});
