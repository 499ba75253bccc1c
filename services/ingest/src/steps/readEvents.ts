import { type ContractEvent, type Identifiers, refusedHeaders } from "@keypulse/contracts";
import type { createIdentityResolver } from "@keypulse/identity";
import type { Batch } from "../domain/batch.ts";
import { orderOf } from "../domain/eventRows.ts";
import { type RawMessage, type RejectedEvent, type RejectReason, rejectReasons } from "../domain/outcome.ts";
import { decodeMessage } from "./decodeMessage.ts";
import { createLeaveOutErased } from "./leaveOutErased.ts";
import { createValidateEvent } from "./validateEvent.ts";

/**
 * Decodes and validates every message of a batch into `accepted` or `rejected`, and makes the rows of those accepted:
 * the decoded event is gone before the next one comes, and only bytes wait for the insert. Pure.
 */
export function createReadEvents(
  resolveIdentity: ReturnType<typeof createIdentityResolver>,
  suppressed: { has(key: string): boolean; readonly none: boolean } = { has: () => false, none: true },
) {
  const validateEvent = createValidateEvent(resolveIdentity);
  const leaveOutErased = createLeaveOutErased(suppressed, resolveIdentity);
  const aliasOf = ({ type, properties }: ContractEvent) =>
    type === "alias" ? resolveIdentity(properties.previous as Identifiers) : undefined;

  /** An event that can't be used names whom it is about all the same, as far as its identifiers can be read. */
  const namesErased = (value: unknown): boolean => {
    if (suppressed.none) return false;
    const given = (value as { identifiers?: unknown } | null)?.identifiers;
    if (typeof given !== "object" || given === null) return false;
    const texts = Object.entries(given).filter(([, text]) => typeof text === "string" && text.length <= longestText);
    const { person, clients, companies, domain } = resolveIdentity(Object.fromEntries(texts));
    const named = [...person, ...clients, ...companies.map((company) => company.domain), ...(domain ? [domain] : [])];
    return named.some(({ key }) => suppressed.has(key));
  };

  return function readEvents(batch: Batch): void {
    for (const message of batch.messages) {
      const refused = refusedBefore(message);
      if (refused !== undefined) {
        batch.rejected.push(refused);
        continue;
      }
      const decoded = decodeMessage(message);
      if ("reason" in decoded) {
        batch.rejected.push({ message, source: plausibleSource(message.headers.ce_source?.toString()), ...decoded });
        continue;
      }
      const validated = validateEvent(decoded.value, message, batch.range.kind);
      if ("reason" in validated) {
        const kept = namesErased(decoded.value) ? withoutBytes(message) : message;
        const { source } = (decoded.value ?? {}) as { source?: unknown };
        batch.rejected.push({ message: kept, source: plausibleSource(source), ...validated });
        continue;
      }
      const alias = aliasOf(validated.event);
      const left = leaveOutErased(validated, alias);
      if (left === undefined) {
        batch.rejected.push({
          message: withoutBytes(message),
          source: validated.event.source,
          reason: "erased",
          detail: "whoever it is about was erased; its bytes are not kept",
        });
        continue;
      }
      const { event, occurredAtMs, identity } = left;
      const { offset, timestampMs: receivedAtMs } = message;
      const row = batch.rows.add({ event, identity, occurredAtMs, offset, receivedAtMs });
      const { id, source } = event;
      batch.accepted.push({ message, id, source, occurredAtMs, identity, alias, orderId: orderOf(event), row });
    }
  };
}

/** Longer texts are no identifiers, and would be remembered. */
const longestText = 1_000;

const withoutBytes = (message: RawMessage): RawMessage => ({ ...message, key: null, value: null, headers: {} });

/** What a collector could not use comes as the provider's bytes, with the reason in headers. */
function refusedBefore(message: RawMessage): RejectedEvent | undefined {
  if (message.headers[refusedHeaders.reason] === undefined) return undefined;
  const header = (name: string) => message.headers[name]?.toString() ?? "";
  const reason = header(refusedHeaders.reason) as RejectReason;
  return {
    message,
    source: header(refusedHeaders.source),
    reason: rejectReasons.includes(reason) ? reason : "invalid",
    detail: header(refusedHeaders.detail),
  };
}

/** The source of an unusable event, where it has a plausible one: rejected events are shown by source. */
function plausibleSource(source: unknown): string {
  return typeof source === "string" && /^[a-z0-9][a-z0-9._-]{0,99}$/.test(source) ? source : "";
}
