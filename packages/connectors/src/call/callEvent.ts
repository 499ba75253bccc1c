import type { EventType } from "@keypulse/contracts";
import type { MappedEvent } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import { callerNumber } from "./caller.ts";

/** What a provider says about one call. */
export interface Call {
  /** The provider's id of the whole call, the same on all its events. */
  id: string;
  stage: "started" | "completed" | "missed" | "voicemail" | "message_received";
  at: string;
  direction: "inbound" | "outbound";
  /** The client's number as it was written: the caller's of an inbound call, the called one's of an outbound call. */
  number: string | undefined;
  /** Our own number. */
  line?: string | undefined;
  seconds?: number | undefined;
  outcome?: string | undefined;
  agent?: string | undefined;
  userId?: string | undefined;
  email?: string | undefined;
  traits?: Record<string, unknown>;
}

/**
 * The contract's event of a call. Its id is the call's and the stage, so that a call that rings on four phones, or of
 * which a provider tells twice, starts, ends and is missed once: the first sight counts.
 */
export function callEvent(call: Call): MappedEvent {
  const mapped: MappedEvent = {
    id: eventId(call.id, call.stage),
    type: `call.${call.stage}` satisfies EventType,
    occurred_at: call.at,
    identifiers: present({ phone: callerNumber(call.number), email: call.email, user_id: call.userId }),
    properties: present({
      call_id: call.id.slice(0, 512),
      direction: call.direction,
      duration_seconds: call.seconds,
      outcome: call.outcome?.slice(0, 512),
      agent: call.agent?.slice(0, 512),
      line: call.line,
    }),
  };
  if (call.traits !== undefined && Object.keys(call.traits).length > 0) mapped.traits = call.traits;
  return mapped;
}
