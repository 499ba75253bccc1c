import { z } from "zod";
import { detectors } from "./signal.ts";

/** What people say of an alert when they know: it was real, was none, was known before, the client was kept, or lost. */
export const outcomes = ["true", "false", "expected", "saved", "lost"] as const;
export type Outcome = (typeof outcomes)[number];

const falseAlarms = z
  .number("must be a number")
  .gt(0, "must be above 0")
  .max(2, "must be at most 2: more than two false alarms a client-year is no alarm");

const segmentId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "must be the id of a segment: npm run segment -- list");

/** How much a workspace bears. Kept as the setting `budget`, id `signals`; what is absent is as the service's settings say. */
export const budgetSchema = z.strictObject({
  /** False alarms a client-year that are accepted, by detector. */
  false_alarms: z.partialRecord(z.enum(detectors), falseAlarms).default({}),
  /** The same for clients of a segment, such as key clients; of several the highest counts. */
  segments: z
    .array(z.strictObject({ segment: segmentId, false_alarms: z.partialRecord(z.enum(detectors), falseAlarms) }))
    .max(50)
    .default([]),
  /** Alerts that an account manager can look after in a week. */
  alerts_a_manager_week: z.number("must be a number").gt(0).max(1_000).default(10),
});
export type Budget = z.infer<typeof budgetSchema>;

/** Kind and id of the setting. */
export const budgetSetting = { kind: "budget", id: "signals" } as const;
