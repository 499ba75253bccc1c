import { z } from "zod";
import { findingSchema, saidSchema } from "./signal.ts";

export const alertStates = ["open", "resolved"] as const;

/** One version of an alert: an episode of one client and cause. The newest version is the truth; all are kept. */
export const alertSchema = z.object({
  /** Same for all versions of an episode; a pure function of the client and of the finding that opened it. */
  id: z.uuid(),
  version: z.int().min(1),
  state: z.enum(alertStates),
  opened_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  resolved_at: z.iso.datetime().nullable(),
  ...saidSchema.shape,
  /** Detectors that raised it so far, also those that found nothing any more. */
  raised_by: z.array(findingSchema.pick({ detector: true, channel: true })).min(1),
  /** False where the line was crossed so long ago that it is history to query, not news to send. */
  announced: z.boolean(),
  /** The signal that caused this version. */
  signal_id: z.uuid(),
});

export type Alert = z.infer<typeof alertSchema>;
