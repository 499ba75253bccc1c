import { readFileSync } from "node:fs";
import { CloudEvent, HTTP } from "cloudevents";
import { describe, expect, it } from "vitest";
import { MalformedBody, type ProviderRequest } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { cloudevents } from "./cloudevents.ts";

const sampleText = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8");
const event = JSON.parse(sampleText("structured"));
const context = contextOf(cloudevents, { secrets: ["token-1"] });
const parse = (request: ProviderRequest) => cloudevents.parse(request, context);
const structured = (body: unknown, type = "application/cloudevents+json") =>
  providerRequest(typeof body === "string" ? body : JSON.stringify(body), { "Content-Type": type });
const fromLibrary = (message: { headers: object; body: unknown }) =>
  providerRequest(message.body as string, message.headers as Record<string, string>);

const expected = {
  id: "/shops/acme|o-1017-placed",
  type: "order.placed",
  identifiers: { email: "ana@acme.example" },
  properties: { order_id: "1017", amount: "29.35", currency: "EUR" },
};

describe("CloudEvents over HTTP", () => {
  it("are the same event in every mode, as the official library sends them", () => {
    const sent = new CloudEvent(event);
    const requests = [fromLibrary(HTTP.binary(sent)), fromLibrary(HTTP.structured(sent))];
    requests.push(structured(`[${requests[1]!.body}]`, "Application/CloudEvents-Batch+JSON; charset=UTF-8"));
    for (const request of requests) expect(eventsOf(parse(request))).toMatchObject([expected]);
  });

  it("may carry the properties alone as data", () => {
    const request = providerRequest(sampleText("order"), {
      "ce-specversion": "1.0",
      "ce-type": "order.paid",
      "ce-source": "/shops/acme",
      "ce-id": "o-1017-paid",
      "ce-time": "2026-01-02T03:04:05Z",
      "Content-Type": "application/json",
    });
    expect(eventsOf(parse(request))).toEqual([
      {
        id: "/shops/acme|o-1017-paid",
        type: "order.paid",
        occurred_at: "2026-01-02T03:04:05Z",
        identifiers: {},
        properties: { order_id: "1017", total: "29.35", currency: "EUR" },
      },
    ]);
  });

  it("have headers that are decoded once, quotes first, and refused where they are broken", () => {
    const send = (id: string) => {
      const request = fromLibrary(HTTP.binary(new CloudEvent(event)));
      return parse({ ...request, headers: { ...request.headers, "ce-id": id } });
    };
    expect(send("Euro%20%E2%82%AC")).toMatchObject([{ events: [{ id: "/shops/acme|Euro €" }] }]);
    expect(send('"a\\"b"')).toMatchObject([{ events: [{ id: '/shops/acme|a"b' }] }]);
    expect(send("100%2525")).toMatchObject([{ events: [{ id: "/shops/acme|100%25" }] }]);
    expect(send("%C0%A0")).toMatchObject([{ fault: "the header ce-id is not well encoded" }]);
  });

  it("of a batch stand alone: a bad one doesn't stop the others, and each can be replayed by itself", () => {
    const { id: _, ...nameless } = event;
    const elements = parse(structured([event, nameless, 7], "application/cloudevents-batch+json"));
    expect(elements).toMatchObject([
      { events: [expected] },
      { fault: "id: is missing" },
      { fault: expect.any(String) },
    ]);
    const again = elements.flatMap(({ raw }) =>
      parse(structured(raw.toString(), "application/cloudevents-batch+json")),
    );
    expect(again.map(({ raw: __, ...outcome }) => outcome)).toEqual(elements.map(({ raw: __, ...outcome }) => outcome));
    expect(parse(structured([], "application/cloudevents-batch+json"))).toEqual([]);
  });

  it("may carry JSON as base64, and no other bytes", () => {
    const { data, ...attributes } = event;
    const data_base64 = Buffer.from(JSON.stringify(data)).toString("base64");
    expect(parse(structured({ ...attributes, data_base64 }))).toMatchObject([{ events: [expected] }]);
    const faults = [
      { ...event, data_base64 },
      { ...attributes, data_base64, datacontenttype: "image/png" },
      { ...attributes, data_base64: "bm8=" },
      { ...event, specversion: "0.3" },
      { ...event, source: "" },
    ];
    for (const fault of faults) expect(parse(structured(fault))).toMatchObject([{ fault: expect.any(String) }]);
  });

  it("of other types are kept, whatever they carry", () => {
    const other = { ...event, type: "com.github.push", data: undefined, data_base64: "AAEC", datacontenttype: "x/y" };
    expect(parse(structured(other))).toMatchObject([{ unused: "unknown_type" }]);
  });

  it("without a time happened when they came, and ids that are too long become a hash", () => {
    const { time: _, ...timeless } = event;
    expect(eventsOf(parse(structured({ ...timeless, id: "x".repeat(300) })))).toMatchObject([
      { occurred_at: "2026-01-02T03:04:05.000Z", id: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  it("are malformed in no mode at all", () => {
    const requests = [
      providerRequest(sampleText("order"), { "Content-Type": "application/json" }),
      structured("{"),
      structured("{}", "application/cloudevents-batch+json"),
    ];
    for (const request of requests) expect(() => parse(request)).toThrow(MalformedBody);
  });

  it("never break the reader", () => {
    const types = ["application/cloudevents+json", "application/cloudevents-batch+json", "application/json"];
    for (const type of types) {
      const bodies = nearly([event, [event, event], JSON.parse(sampleText("order"))]);
      const binary = { "ce-specversion": "1.0", "ce-type": "order.placed", "ce-source": "/s", "ce-id": "1" };
      expectElementsOrMalformed(cloudevents, context, bodies, (body) =>
        providerRequest(body, { "Content-Type": type, ...(type === "application/json" && binary) }),
      );
    }
  });
});

describe("A sender of CloudEvents", () => {
  it("is known by its token, in either header, never in the address", async () => {
    const rotated = contextOf(cloudevents, { secrets: ["token-2", "token-1"] });
    const verify = (headers: Record<string, string>, url?: string) =>
      cloudevents.verify(providerRequest("{}", headers, url), rotated, offline);
    expect(await verify({ Authorization: "Bearer token-1" })).toEqual({ ok: true });
    expect(await verify({ Authorization: "bearer token-2" })).toEqual({ ok: true });
    expect(await verify({ "X-Keypulse-Token": "token-1" })).toEqual({ ok: true });
    for (const wrong of [
      {},
      { Authorization: "Bearer token-3" },
      { Authorization: "token-1" },
      { "X-Keypulse-Token": "t" },
    ]) {
      expect(await verify(wrong as Record<string, string>)).toMatchObject({ ok: false });
    }
    expect(await verify({}, "https://collector.example/hooks/s1?access_token=token-1")).toMatchObject({ ok: false });
  });

  it("may ask for permission first", async () => {
    const ask = (headers: Record<string, string>, method = "OPTIONS") =>
      cloudevents.handshake?.({ ...providerRequest("", headers), method }, context, offline);
    const origin = { "WebHook-Request-Origin": "eventemitter.example.com" };
    expect(await ask(origin)).toEqual({
      reply: { status: 200, headers: { allow: "POST", "webhook-allowed-origin": "eventemitter.example.com" } },
    });
    expect(await ask({ ...origin, "WebHook-Request-Rate": "120" })).toMatchObject({
      reply: { headers: { "webhook-allowed-rate": "120" } },
    });
    expect(await ask({ ...origin, "WebHook-Request-Rate": "lots" })).toMatchObject({
      reply: { headers: { "webhook-allowed-rate": "*" } },
    });
    expect(await ask({})).toBeUndefined();
    expect(await ask(origin, "POST")).toBeUndefined();
    expect(await ask({ "WebHook-Request-Origin": "a b" })).toBeUndefined();
  });

  it("has a sample that passes its own check and that the official library reads", async () => {
    const sample = cloudevents.sample("https://collector.example/hooks/s1", context);
    expect(await cloudevents.verify(sample, context, offline)).toEqual({ ok: true });
    const read = HTTP.toEvent({ headers: sample.headers, body: sample.body.toString() }) as CloudEvent<unknown>;
    expect(eventsOf(parse(sample))).toMatchObject([{ id: `${read.source}|${read.id}`, type: read.type }]);
  });
});
