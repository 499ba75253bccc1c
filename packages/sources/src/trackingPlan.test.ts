import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviationsOf, draftPlan, trackingPlanSchema } from "./trackingPlan.ts";

const plan = trackingPlanSchema.parse({
  events: {
    "web.custom:Signed In": { properties: { plan: { type: "text", required: true }, seats: { type: "number" } } },
    "order.placed": {},
  },
});
const signedIn = (properties: Record<string, unknown>) => ({
  type: "web.custom" as const,
  properties: { name: "Signed In", ...properties },
});

describe("tracking plan", () => {
  it("tells what is missing, of another type, or not expected at all", () => {
    expect(deviationsOf(signedIn({ plan: "pro", seats: 3 }), plan)).toEqual([]);
    expect(deviationsOf(signedIn({ plan: "pro", more: true }), plan)).toEqual([]);
    expect(deviationsOf(signedIn({ seats: "3" }), plan)).toEqual([
      "properties.plan: is missing",
      "properties.seats: is a text, expected a number",
    ]);
    expect(deviationsOf({ type: "web.page_viewed", properties: {} }, plan)).toEqual([
      "web.page_viewed is not in the tracking plan",
    ]);
  });

  it("has no say in who somebody is", () => {
    expect(deviationsOf({ type: "identify", properties: {} }, plan)).toEqual([]);
  });

  it("refuses a plan for types that don't exist", () => {
    expect(trackingPlanSchema.safeParse({ events: { "web.danced": {} } }).success).toBe(false);
  });

  it("drafted from events is kept by those events", () => {
    const event = fc.record({
      type: fc.constantFrom("web.custom" as const, "order.placed" as const, "identify" as const),
      properties: fc.dictionary(fc.constantFrom("name", "a", "b", "c"), fc.jsonValue({ maxDepth: 1 })),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const drafted = draftPlan(events);
        for (const given of events) expect(deviationsOf(given, drafted)).toEqual([]);
      }),
    );
  });
});
