import { z } from "zod";
import { trackingPlanSchema } from "./trackingPlan.ts";

/** Id of a source: part of its address, and what its events are stamped with. */
export const sourceIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "must be 1 to 100 of a-z, 0-9, dot, dash, underscore");

/** A secret of a source, never in plain text. */
export const storedSecretSchema = z.object({
  /** SHA-256, hex: enough to recognise a write key. */
  hash: z.string().length(64),
  /** Last four characters, so that people can tell secrets apart. */
  hint: z.string().max(8),
  /** Sealed under the workspace's key; absent where the secret is only compared. */
  sealed: z.string().optional(),
  created_at: z.iso.datetime(),
  /** Valid until then; absent for the newest. */
  expires_at: z.iso.datetime().optional(),
});
export type StoredSecret = z.infer<typeof storedSecretSchema>;

/** One wired sender of events, as the settings table holds it. */
export const sourceSchema = z.object({
  id: sourceIdSchema,
  name: z.string().min(1, "give it a name that people recognise").max(200),
  /** Name of a connector, or `kafka` where own producers write to the topics themselves. */
  connector: z.string().min(1).max(64),
  state: z.enum(["active", "paused"]).default("active"),
  /** Settings of the connector, checked by its own schema. */
  settings: z.record(z.string(), z.unknown()).default({}),
  secrets: z.array(storedSecretSchema).max(5).default([]),
  plan: trackingPlanSchema.optional(),
  /** Requests a second that it may send; more are answered with 429. */
  requests_a_second: z.number().int().min(1).max(100_000).default(1_000),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type Source = z.infer<typeof sourceSchema>;
