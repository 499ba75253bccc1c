import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { connectorNamed } from "../registry.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { readSegmentBody } from "./body.ts";
import { segmentSettings } from "./sdkSettings.ts";
import { segment } from "./segment.ts";

const samples = samplesOf(import.meta.url, fs);
const context = contextOf(segment, { secrets: ["wk_test_1"], receivedAt: new Date("2026-01-02T03:04:11Z") });
const parse = (value: unknown, url?: string) => segment.parse(providerRequest(JSON.stringify(value), {}, url), context);

describe("The connector for Segment's libraries", () => {
  it("reads what the browser library sends: a page, then who it was", () => {
    // The clock of the sender is a second behind ours, or the request took as long.
    expect(eventsOf(parse(samples.get("batch")))).toEqual([
      {
        id: "ajs-next-1767323045000-0b",
        type: "web.page_viewed",
        occurred_at: "2026-01-02T03:04:06.000Z",
        identifiers: { account_id: "c-1", anonymous_id: "a-1" },
        properties: {
          url: "https://acme.example/pricing",
          title: "Pricing",
          name: "Pricing",
          path: "/pricing",
          search: "",
        },
      },
      {
        id: "ajs-next-1767323046000-0c",
        type: "identify",
        occurred_at: "2026-01-02T03:04:07.000Z",
        identifiers: { account_id: "c-1", user_id: "u-9", email: "ana@acme.example", anonymous_id: "a-1" },
        properties: {},
        traits: { email: "ana@acme.example", company: { id: "c-1", name: "Acme" } },
      },
    ]);
  });

  it("reads one message by its type, or by its address where it has none", () => {
    expect(parse(samples.get("track")).map(outcomeOf)).toEqual(["web.custom"]);
    const { type: _, ...untyped } = samples.get("track") as { type: string };
    expect(parse(untyped, "https://collector.example/v1/t").map(outcomeOf)).toEqual(["web.custom"]);
    expect(parse(untyped).map(outcomeOf)).toEqual(["fault: type: is missing"]);
  });

  it("gives a message without id one that is the same each time it is read", () => {
    const nameless = { type: "track", event: "X", userId: "u-9" };
    const [first, second] = eventsOf(parse({ batch: [nameless, nameless] }));
    expect(first!.id).toMatch(/^[0-9a-f]{64}$/);
    expect(second!.id).not.toBe(first!.id);
    expect(eventsOf(parse({ batch: [nameless] }))[0]!.id).toBe(first!.id);
  });

  it("never takes a webhook, because its messages come by write key", () => {
    expect(segment.verify(providerRequest("{}"), context, offline)).toMatchObject({ ok: false });
  });

  it("gives elements for any body, or says that it is malformed", () => {
    expectElementsOrMalformed(segment, context, nearly([...samples.values()]), (body) => providerRequest(body));
  });

  it("tests the wiring by a track message at the address that libraries use", () => {
    const sample = segment.sample("https://collector.example/hooks/s1", context);
    expect(sample).toMatchObject({
      url: "https://collector.example/v1/track",
      headers: { authorization: "Basic d2tfdGVzdF8xOg==" },
    });
    expect(readSegmentBody(new URL(sample.url).pathname, sample.body).writeKey).toBe("wk_test_1");
    expect(eventsOf(segment.parse(sample, context))).toMatchObject([
      { type: "web.custom", identifiers: { user_id: "wiring-test" }, properties: { name: "Wiring Tested" } },
    ]);
  });

  it("tells how to point the libraries at us", () => {
    for (const address of ["https://col.example/hooks/s1", "https://col.example", "https://col.example/"]) {
      const steps = segment.setup(address).join("\n");
      expect(steps).toContain('new Analytics({ writeKey: "<write key>", host: "https://col.example" })');
      expect(steps).toContain('cdnURL: "https://col.example" }');
      expect(steps).toContain('"Segment.io": { apiHost: "col.example/v1" }');
    }
    expect(segment.setup("http://localhost:8080").join()).toContain('apiHost: "localhost:8080/v1", protocol: "http"');
  });

  it("answers the browser library's first question so that it loads nothing else", () => {
    expect(segmentSettings("wk_test_1", "col.example/v1")).toMatchObject({
      integrations: { "Segment.io": { apiKey: "wk_test_1", apiHost: "col.example/v1" } },
      middlewareSettings: {},
      remotePlugins: [],
    });
    expect(Object.keys(segmentSettings("wk_test_1", "col.example/v1").integrations)).toEqual(["Segment.io"]);
  });

  it("refuses settings that would give no events", () => {
    expect(segment.settings.safeParse({ currency: "euro" }).success).toBe(false);
    expect(segment.settings.safeParse({ orders: "both" }).success).toBe(false);
  });

  it("is registered", () => {
    expect(connectorNamed("segment")).toBe(segment);
  });
});
