import { z } from "zod";

/** A client entered a segment or left it. At least once: a repeated message has the same `id`, which is its `ce_id` too. */
export const segmentChangeSchema = z.object({
  /** A pure function of segment, client and `at`. */
  id: z.uuid(),
  segment: z.string(),
  segment_name: z.string(),
  client_id: z.uuid(),
  /** Empty where the client is gone, as after a merge. */
  client_name: z.string(),
  change: z.enum(["entered", "left"]),
  /** When the segment was evaluated. */
  at: z.iso.datetime(),
});

export type SegmentChange = z.infer<typeof segmentChangeSchema>;
