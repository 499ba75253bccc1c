import { sourceIdSchema, sourceSchema, trackingPlanSchema } from "@keypulse/sources";
import { z } from "zod";
import { healthWords } from "../domain/sourceHealth.ts";

const instant = z.iso.datetime();
const counts = z.record(z.string(), z.number().int());

export const faultSchema = z
  .object({ error: z.string(), detail: z.string().optional() })
  .describe("What is wrong, in words; detail names every fault");

export const connectorSchema = z.object({
  name: z.string(),
  title: z.string(),
  kind: z.string().describe("Topic of its events"),
  secret: z.object({
    label: z.string().describe("What the provider calls it"),
    origin: z.enum(["provider", "keypulse", "none"]).describe("Where it is made"),
    where: z.string().describe("Where it is found, or goes"),
  }),
  settings: z.record(z.string(), z.unknown()).describe("JSON Schema of its settings"),
});

export const secretSchema = z
  .object({
    hash: z.string().describe("Beginning of its SHA-256: its name when it is revoked"),
    hint: z.string().describe("Its last characters"),
    created_at: instant,
    expires_at: instant.optional().describe("Valid until then; absent for the newest"),
  })
  .describe("A secret, never in plain text");

export const briefHealthSchema = z.object({
  health: z.enum(healthWords),
  reason: z.string().describe("Why, in a sentence"),
  last_event: z.object({ occurred_at: instant, received_at: instant }).nullable(),
  events_last_day: z.number().int(),
  refused_share: z.number().describe("Of what arrived in 24 hours; no_meaning, test and paused are no faults"),
});

export const healthSchema = briefHealthSchema.extend({
  events_ever: z.number().int(),
  last_hour: z.array(z.object({ minute: instant, events: z.number().int() })).describe("By minute of arrival"),
  last_day: z.object({
    by_type: counts,
    refused: counts.describe("By reason, harmless ones too"),
    duplicates: z.number().int().describe("Sent again, counted once"),
    unknown_client_share: z.number().nullable().describe("Events that no client could be told for"),
    clock_skew_seconds: z.number().nullable().describe("Median of arrival less occurrence"),
  }),
  typical_gap_seconds: z.number().nullable().describe("Median between arrivals, of the newest 1,000 in 30 days"),
});

const ownSchema = sourceSchema.omit({ secrets: true, plan: true });
export const briefSourceSchema = ownSchema.extend({
  version: z.number().int().describe("For If-Match"),
  title: z.string().describe("The connector's"),
  address: z.string().nullable().describe("Where its sender sends to; null where it has no address (Kafka, files)"),
  secrets: z.array(secretSchema),
  plan: z.enum(["flag", "refuse"]).nullable().describe("Mode of its tracking plan"),
});
export const listedSourceSchema = briefSourceSchema.extend({ health: briefHealthSchema });
export const shownSourceSchema = briefSourceSchema.extend({
  setup: z.array(z.string()).describe("Steps for the person who wires it"),
  snippets: z.record(z.string(), z.string()).describe("Code ready to paste, by what it is for"),
  health: healthSchema,
});
export const withSecretSchema = shownSourceSchema.extend({
  secret: z.string().optional().describe("In plain text, in this answer alone, where Keypulse made it"),
});

export const wishSchema = z.strictObject({
  id: sourceIdSchema.optional().describe("Part of its address; made of the name when absent"),
  name: z.string().min(1).max(200),
  connector: z.string().min(1).describe("One of GET /v1/connectors, or kafka for own producers, file for files"),
  settings: z.record(z.string(), z.unknown()).default({}),
  requests_a_second: z.number().int().min(1).max(100_000).optional(),
  secret: z.string().min(1).max(10_000).optional().describe("The provider's; it may come later"),
});

export const editSchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    settings: z.record(z.string(), z.unknown()).optional().describe("Replaces all settings"),
    requests_a_second: z.number().int().min(1).max(100_000).optional(),
  })
  .refine((edit) => Object.keys(edit).length > 0, { error: "name, settings or requests_a_second is needed" });

export const rotateSchema = z.strictObject({
  secret: z.string().min(1).max(10_000).optional().describe("The provider's; Keypulse makes one when absent"),
  overlap_hours: z.number().min(0).max(8_760).default(24).describe("So long the old one stays valid"),
});

export const rejectedSchema = z.object({
  position: z.string().describe("topic:partition:offset"),
  received_at: instant,
  reason: z.string(),
  detail: z.string(),
  replayed: z.boolean().describe("Whether it was sent again"),
  text: z.string().nullable().describe("The original bytes where they are text"),
  base64: z.string().nullable().describe("The original bytes where they are none"),
  headers: z.record(z.string(), z.string()),
});

export const planAnswerSchema = z.object({ plan: trackingPlanSchema, version: z.number().int() });
export const draftAnswerSchema = z.object({
  plan: trackingPlanSchema,
  events: z.number().int().describe("So many the plan was drafted from"),
  from: instant.nullable(),
  to: instant.nullable(),
});

export const wiringStepSchema = z.object({
  step: z.enum(["secret", "collector", "signature", "kafka", "clickhouse", "client"]),
  outcome: z.enum(["ok", "skipped", "failed"]),
  says: z.string(),
});
export const wiringSchema = z.object({
  ok: z.boolean(),
  stopped_at: wiringStepSchema.shape.step.nullable(),
  what_to_do: z.string().nullable(),
  steps: z.array(wiringStepSchema),
  client: z.object({ id: z.string(), name: z.string() }).nullable().describe("Whose activity the sample counts as"),
  seconds: z.number(),
});
export type WiringStep = z.infer<typeof wiringStepSchema>;
export type WiringAnswer = z.infer<typeof wiringSchema>;
