import { type EventType, eventTypes } from "@keypulse/contracts";
import { z } from "zod";

const propertyRule = z.strictObject({
  type: z.enum(["text", "number", "boolean", "object", "list", "any"]).default("any"),
  required: z.boolean().default(false),
});

/**
 * What a source is expected to send: types and, for each, its properties. For custom events the key is
 * `web.custom:` and the name.
 */
export const trackingPlanSchema = z.strictObject({
  /** `flag` stores what deviates with the deviations listed; `refuse` rejects it, so that it can be replayed. */
  mode: z.enum(["flag", "refuse"]).default("flag"),
  events: z.record(
    z.string().refine((key) => (eventTypes as string[]).includes(key.split(":", 1)[0]!), {
      error: "must be a type of the vocabulary, or web.custom: and the name of a custom event",
    }),
    z.strictObject({ properties: z.record(z.string().max(256), propertyRule).default({}) }),
  ),
});
export type TrackingPlan = z.infer<typeof trackingPlanSchema>;

interface PlannedEvent {
  type: EventType;
  properties: Readonly<Record<string, unknown>>;
}

/** Types that say who somebody is; a plan is about what happened. */
const identityTypes: ReadonlySet<EventType> = new Set(["identify", "group", "alias"]);

/** The plan's key of an event. */
export function planKey({ type, properties }: PlannedEvent): string {
  return type === "web.custom" ? `web.custom:${String(properties.name ?? "")}` : type;
}

/** How an event deviates from the plan, a sentence each; empty where it keeps it. */
export function deviationsOf(event: PlannedEvent, plan: TrackingPlan): string[] {
  if (identityTypes.has(event.type)) return [];
  const key = planKey(event);
  const expected = plan.events[key];
  if (expected === undefined) return [`${key} is not in the tracking plan`];
  const deviations: string[] = [];
  for (const [name, rule] of Object.entries(expected.properties)) {
    const value = event.properties[name];
    if (value === undefined || value === null) {
      if (rule.required) deviations.push(`properties.${name}: is missing`);
    } else if (rule.type !== "any" && kindOf(value) !== rule.type) {
      deviations.push(`properties.${name}: is a ${kindOf(value)}, expected a ${rule.type}`);
    }
  }
  return deviations;
}

/** A plan that fits what arrived: properties that were always there are required. */
export function draftPlan(events: Iterable<PlannedEvent>): TrackingPlan {
  const seen = new Map<string, { count: number; properties: Map<string, { count: number; kinds: Set<string> }> }>();
  for (const event of events) {
    if (identityTypes.has(event.type)) continue;
    const key = planKey(event);
    const entry = seen.get(key) ?? { count: 0, properties: new Map() };
    seen.set(key, entry);
    entry.count += 1;
    for (const [name, value] of Object.entries(event.properties)) {
      if (value === null) continue;
      const property = entry.properties.get(name) ?? { count: 0, kinds: new Set() };
      entry.properties.set(name, property);
      property.count += 1;
      property.kinds.add(kindOf(value));
    }
  }
  const planned = [...seen].map(([key, { count, properties }]) => {
    const rules = [...properties].map(([name, property]) => {
      const type = property.kinds.size === 1 ? [...property.kinds][0] : "any";
      return [name, { type, required: property.count === count }];
    });
    return [key, { properties: Object.fromEntries(rules) }];
  });
  return trackingPlanSchema.parse({ events: Object.fromEntries(planned) });
}

function kindOf(value: unknown): "text" | "number" | "boolean" | "object" | "list" {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "boolean") return typeof value as "number" | "boolean";
  return Array.isArray(value) ? "list" : "object";
}
