import { z } from "zod";
import { channels, detectors, evidenceSchema } from "./signal.ts";

export const alertStates = ["open", "resolved"] as const;

/** One version of an alert: an episode of one client and signal. The newest version is the truth; all are kept. */
export const alertSchema = z.object({
  /** Same for all versions of an episode; a pure function of client, detector, channel and `crossed_at`. */
  id: z.uuid(),
  version: z.int().min(1),
  state: z.enum(alertStates),
  client_id: z.uuid(),
  client_name: z.string(),
  detector: z.enum(detectors),
  channel: z.enum(channels),
  crossed_at: z.iso.datetime(),
  opened_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  resolved_at: z.iso.datetime().nullable(),
  reason: z.string(),
  evidence: evidenceSchema,
  money_at_stake: z.number().nonnegative(),
  currency: z.string(),
  likelihood: z.number().min(0).max(1).nullable(),
  /** False where the line was crossed so long ago that it is history to query, not news to send. */
  announced: z.boolean(),
  /** The signal that caused this version. */
  signal_id: z.uuid(),
});

export type Alert = z.infer<typeof alertSchema>;
