import type { createIdentityResolver } from "@keypulse/identity";
import type { Batch } from "../domain/batch.ts";
import { decodeMessage } from "./decodeMessage.ts";
import { createValidateEvent } from "./validateEvent.ts";

/** Decodes and validates every message of a batch into `accepted` or `rejected`. Pure, and safe to repeat. */
export function createReadEvents(resolveIdentity: ReturnType<typeof createIdentityResolver>) {
  const validateEvent = createValidateEvent(resolveIdentity);

  return function readEvents(batch: Batch): void {
    for (const message of batch.messages) {
      const decoded = decodeMessage(message);
      if ("reason" in decoded) {
        batch.rejected.push({ message, source: "", ...decoded });
        continue;
      }
      const validated = validateEvent(decoded.value, message, batch.range.kind);
      if ("reason" in validated) batch.rejected.push({ message, source: sourceOf(decoded.value), ...validated });
      else batch.accepted.push(validated);
    }
  };
}

/** The source of an unusable event, where it has a plausible one: rejected events are shown by source. */
function sourceOf(value: unknown): string {
  const source = (value as { source?: unknown } | null)?.source;
  return typeof source === "string" && /^[a-z0-9][a-z0-9._-]{0,99}$/.test(source) ? source : "";
}
