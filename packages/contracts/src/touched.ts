import { z } from "zod";

/** Which clients one stored batch was about. One message a batch and partition of the topic, not one a client. */
export const clientsTouchedSchema = z.object({
  /** The batch that was stored, as `topic:partition:first-last`. */
  batch: z.string(),
  /** Keys of the clients (leaf keys; resolve them through the identity map). */
  client_keys: z.array(z.uuid()).min(1),
  occurred_from: z.iso.datetime(),
  occurred_to: z.iso.datetime(),
  stored_at: z.iso.datetime(),
});

export type ClientsTouched = z.infer<typeof clientsTouchedSchema>;

/**
 * Orders of one source that a stored batch brought messages about, keyed by the source: all orders of a source are in one
 * partition, so that one worker at a time settles them.
 */
export const ordersTouchedSchema = z.object({
  /** The batch that was stored, as `topic:partition:first-last`. */
  batch: z.string(),
  source: z.string(),
  order_ids: z.array(z.string()).min(1),
  stored_at: z.iso.datetime(),
});

export type OrdersTouched = z.infer<typeof ordersTouchedSchema>;
