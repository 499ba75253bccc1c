import { currencySchema } from "@keypulse/contracts";
import { z } from "zod";

/** An event's name by its letters and digits alone, so that `order_completed` is "Order Completed". */
export const eventKey = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");

/** Settings of a source that sends by the Segment API. */
export const segmentSourceSettings = z.object({
  /** ISO 4217 code of amounts that come without one. */
  currency: currencySchema.default("USD"),
  /** Names of track events by which a form was sent; case, spaces and underscores don't matter. */
  form_events: z
    .array(z.string().min(1).max(200))
    .max(100)
    .default(["Form Submitted", "Form Completed", "Sign-up Form Completed", "Lead Captured"])
    .transform((names) => names.map(eventKey)),
  /**
   * `counted`: Order Completed adds to revenue. `another_source`: the shop is wired as a source of its own, so these
   * events are kept as `web.custom`, and no order counts twice.
   */
  orders: z.enum(["counted", "another_source"]).default("counted"),
});
export type SegmentSourceSettings = z.infer<typeof segmentSourceSettings>;
