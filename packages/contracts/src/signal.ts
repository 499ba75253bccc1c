import { z } from "zod";

export const detectors = ["activity_drop", "silence"] as const;
export const channels = ["orders", "all"] as const;

/** What a detector found, in numbers that a person can check. */
export const evidenceSchema = z.object({
  /** Expected and observed, in `unit`, over `window`. */
  expected: z.number(),
  observed: z.number(),
  unit: z.string(),
  window: z.string(),
  /** How unusual, in words of the detector: score against threshold, or a tail probability against its limit. */
  unusual: z.string(),
  model: z.string(),
  values: z.record(z.string(), z.number()),
});

/**
 * A finding of a detector about a client at a time. `raised` opens or updates an episode, `cleared` ends it.
 * `id` is a pure function of what was found, so a repeated evaluation repeats the id.
 */
export const signalSchema = z.object({
  id: z.uuid(),
  client_id: z.uuid(),
  client_name: z.string(),
  detector: z.enum(detectors),
  channel: z.enum(channels),
  state: z.enum(["raised", "cleared"]),
  /** When the client crossed the detector's line (not when we looked). Names the episode. */
  crossed_at: z.iso.datetime(),
  detected_at: z.iso.datetime(),
  /** One or two sentences for the account manager. */
  reason: z.string(),
  evidence: evidenceSchema,
  /** Revenue of a year that is at risk, in the workspace's currency. */
  money_at_stake: z.number().nonnegative(),
  currency: z.string(),
  /** 0 to 1 where the detector knows it. */
  likelihood: z.number().min(0).max(1).nullable(),
});

export type Signal = z.infer<typeof signalSchema>;
export type Detector = (typeof detectors)[number];
export type Channel = (typeof channels)[number];
export type Evidence = z.infer<typeof evidenceSchema>;
