import { z } from "zod";
import { callEvent } from "../call/callEvent.ts";
import type { Outcome } from "../connector.ts";
import { noMeaning, readAs } from "../elements.ts";
import { optionalText, requiredText, zonedInstant } from "../shapes.ts";

const log = z.looseObject({
  call_id: requiredText,
  connect_type: optionalText,
  direction: optionalText,
  callee_ext_type: optionalText,
  caller_did_number: optionalText,
  callee_did_number: optionalText,
  end_time: zonedInstant.optional().catch(undefined),
  result: optionalText,
  result_reason: optionalText,
});
const shape = z.looseObject({ call_logs: z.array(log) });

/** Results of a queue's own entry that mean that none of its phones was answered. */
const nobodyAnswered = new Set(["abandoned", "no_answer", "ring_timeout", "canceled", "hang_up"]);

/**
 * Missed calls to a queue, which single phones can't tell. An entry that is about one member's phone is passed over,
 * and so is what was answered: the end of the call told it.
 */
export function readHistory(object: Record<string, unknown>, at: string): Outcome {
  return readAs(shape, object, ({ call_logs: logs }) => {
    const missed = logs.filter(
      (entry) =>
        entry.callee_ext_type === "call_queue" &&
        entry.direction === "inbound" &&
        entry.connect_type !== "internal" &&
        entry.result_reason === undefined &&
        nobodyAnswered.has(entry.result ?? ""),
    );
    if (missed.length === 0) return noMeaning("no call to a queue that nobody answered");
    return {
      events: missed.map((entry) =>
        callEvent({
          id: entry.call_id,
          stage: "missed",
          at: entry.end_time ?? at,
          direction: "inbound",
          number: entry.caller_did_number,
          line: entry.callee_did_number,
          outcome: entry.result,
        }),
      ),
    };
  });
}
