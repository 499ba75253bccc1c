import { z } from "zod";

/** Which part of a client's doings (or of our own data) a detector looks at. */
export const channels = [
  "orders",
  "all",
  "email",
  "web",
  "call",
  "decision_makers",
  "payments",
  "surveys",
  "source",
  "pipeline",
] as const;
export type Channel = (typeof channels)[number];

/** Every detector with the channels that it watches. */
export const detectorChannels = {
  activity_drop: ["orders", "all", "email", "web", "call"],
  silence: ["orders", "all"],
  contact_silence: ["decision_makers"],
  contact_mail: ["email"],
  missed_calls: ["call"],
  spend: ["orders"],
  mix: ["orders"],
  margin_trend: ["orders"],
  discount_trend: ["orders"],
  payment: ["payments"],
  detractor: ["surveys"],
  satisfaction_drop: ["surveys"],
  complaints: ["all"],
  share_crossing: ["orders"],
  concentration_trend: ["orders"],
  growth: ["orders", "all"],
  new_product_groups: ["orders"],
  new_contacts: ["all"],
  return: ["orders"],
  source_outage: ["source"],
  pipeline_lag: ["pipeline"],
} as const satisfies Record<string, readonly Channel[]>;
export type Detector = keyof typeof detectorChannels;
export const detectors = Object.keys(detectorChannels) as [Detector, ...Detector[]];

/** What findings are about. Findings on one client with one cause are one signal, and so one alert. */
export const causes = [
  "less_activity",
  "smaller_orders",
  "missing_products",
  "pays_late",
  "falling_margin",
  "contact_lost",
  "unanswered_calls",
  "dissatisfied",
  "dependence",
  "growing",
  "back",
  "source_broken",
  "pipeline_behind",
] as const;
export type Cause = (typeof causes)[number];

/** What a detector found, in numbers that a person can check. */
export const evidenceSchema = z.object({
  /** Expected and observed, in `unit`, over `window`. */
  expected: z.number(),
  observed: z.number(),
  unit: z.string(),
  window: z.string(),
  /** The window's ends. */
  from: z.iso.datetime().nullable().default(null),
  to: z.iso.datetime().nullable().default(null),
  /** How unusual, in words of the detector: score against threshold, or a tail probability against its limit. */
  unusual: z.string(),
  /** P(as extreme as this, if nothing had changed); null where a fact is reported, or the score has no such law. */
  tail_probability: z.number().min(0).max(1).nullable().default(null),
  /** What that means: false alarms a client-year, were the line drawn right here. */
  false_alarms_a_year: z.number().nonnegative().nullable().default(null),
  /** The contacts, product groups or invoices that it touches, most important first. */
  concerns: z.array(z.string()).default([]),
  model: z.string(),
  /** Numbers of different versions must not be compared. */
  model_version: z.int().min(1).default(1),
  values: z.record(z.string(), z.number()),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** One detector's part in a signal. */
export const findingSchema = z.object({
  detector: z.enum(detectors),
  channel: z.enum(channels),
  /** When the client crossed this detector's line (not when we looked). */
  crossed_at: z.iso.datetime(),
  /** A few words: what a list of findings shows. */
  headline: z.string(),
  /** One or two sentences for the account manager. */
  reason: z.string(),
  evidence: evidenceSchema,
  money_at_stake: z.number().nonnegative(),
  /** 0 to 1 where the detector knows it. */
  likelihood: z.number().min(0).max(1).nullable(),
});
export type FindingOfSignal = z.infer<typeof findingSchema>;

/** What a signal and an alert say alike. */
export const saidSchema = z.object({
  /** What it is about: a client; or a source of events, or the way of all events into the store, named in the client's place. */
  subject: z.enum(["client", "source", "pipeline"]),
  client_id: z.uuid(),
  client_name: z.string(),
  cause: z.enum(causes),
  /** For us: a loss or a danger, a chance, or only news. */
  direction: z.enum(["worse", "better", "neutral"]),
  /** Of the finding that leads: the one that opened the episode, or what is left of it. */
  detector: z.enum(detectors),
  channel: z.enum(channels),
  crossed_at: z.iso.datetime(),
  headline: z.string(),
  /** One or two sentences for the account manager; names what else was found. */
  reason: z.string(),
  /** What usually helps. */
  advice: z.string(),
  evidence: evidenceSchema,
  /** Revenue at risk over the next `horizon_days`, in the workspace's currency. */
  money_at_stake: z.number().nonnegative(),
  horizon_days: z.int().min(1),
  currency: z.string(),
  /** 0 to 1 where a detector knows it. */
  likelihood: z.number().min(0).max(1).nullable(),
  /** All findings that are raised now, the leading one first; at the end of an episode, the last that were. */
  findings: z.array(findingSchema).min(1),
});

/**
 * What detectors find about a client and a cause at a time. `raised` opens or updates an episode, `cleared` ends it.
 * `id` is a pure function of what was found, so a repeated evaluation repeats the id.
 */
export const signalSchema = z.object({
  id: z.uuid(),
  state: z.enum(["raised", "cleared"]),
  detected_at: z.iso.datetime(),
  ...saidSchema.shape,
});
export type Signal = z.infer<typeof signalSchema>;
