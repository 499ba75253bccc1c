import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalSchema, eventTypes, parseEvent, topicNames, vocabulary } from "./index.ts";

const sound = {
  id: "1",
  source: "shop",
  type: "order.placed",
  occurred_at: "2026-01-31T09:30:00+01:00",
  identifiers: { account_id: 17 },
  properties: { order_id: "o", amount: 12.5, currency: "EUR", gift: true },
};

describe("parseEvent", () => {
  it("hands on amounts as texts, whole numbers of identifiers as texts, and unknown properties as they are", () => {
    expect(parseEvent(sound)).toEqual({
      event: {
        version: 1,
        ...sound,
        identifiers: { account_id: "17" },
        properties: { order_id: "o", amount: "12.5", currency: "EUR", gift: true },
      },
    });
  });

  it("names every fault at once, by its path", () => {
    const result = parseEvent({
      ...sound,
      id: "",
      source: "Shop!",
      properties: { order_id: "o", amount: "-1", currency: "eur" },
    });
    expect(result).toEqual({
      problem: {
        reason: "invalid",
        detail: expect.stringMatching(/^id: .*source: .*properties\.amount: .*properties\.currency: /),
      },
    });
  });

  it("refuses identifiers of kinds that it does not know, rather than losing them", () => {
    expect(parseEvent({ ...sound, identifiers: { fax: "1" } })).toMatchObject({
      problem: { detail: expect.stringContaining("fax") },
    });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...eventTypes), (value, type) => {
        parseEvent(value);
        parseEvent({ ...sound, type, properties: value });
      }),
    );
  });
});

describe("decimalSchema", () => {
  it.each([
    ["12.50", "12.50"],
    [2.55, "2.55"],
    [0, "0"],
    [0.0001, "0.0001"],
    ["1000000000000", "1000000000000"],
  ])("takes %j", (given, text) => {
    expect(decimalSchema.parse(given)).toBe(text);
  });
  it.each([-1, "-1", "1,5", "1e3", 1e21, Number.NaN, Number.POSITIVE_INFINITY, "0.00001", 1e-7, "", "1000000000001"])(
    "refuses %j",
    (given) => {
      expect(decimalSchema.safeParse(given).success && decimalSchema.parse(given) !== "0.0000").toBe(false);
    },
  );
});

describe("vocabulary", () => {
  it("has each type on the topic of its kind, named by it", () => {
    const topics = topicNames("x.");
    for (const type of eventTypes) {
      const { kind } = vocabulary[type];
      if (kind !== "identity") expect(topics.events[kind]).toBe(`x.events.${kind}`);
      if (!["identity", "order"].includes(kind)) expect(type.startsWith(`${kind}.`)).toBe(true);
    }
  });
});
