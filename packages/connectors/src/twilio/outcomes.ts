import type { Call } from "../call/callEvent.ts";

/** What a status means: a stage of the call; `ended`, which says that it was connected and not to whom; or nothing. */
type Meaning = Call["stage"] | "nothing" | "ended";

/**
 * Statuses of a call. "completed" says that the call was connected: outbound to the called one, or to his answering machine;
 * inbound to the instructions of the number, whoever then rang in vain.
 * Source: Twilio, "Call resource", status values; "Call status callbacks".
 */
export const callStatuses: ReadonlyMap<string, Meaning> = new Map(
  Object.entries({
    queued: "nothing",
    initiated: "started",
    ringing: "started",
    "in-progress": "nothing",
    answered: "nothing",
    completed: "ended",
    busy: "missed",
    failed: "missed",
    "no-answer": "missed",
    canceled: "missed",
  } as const),
);

/**
 * How `<Dial>` ended: only this says that somebody of ours took an inbound call ("answered": of a conference).
 * Source: Twilio, TwiML `<Dial>`, DialCallStatus.
 */
export const dialStatuses: ReadonlyMap<string, "completed" | "missed"> = new Map(
  Object.entries({
    completed: "completed",
    answered: "completed",
    busy: "missed",
    "no-answer": "missed",
    failed: "missed",
    canceled: "missed",
  } as const),
);

/**
 * Who took an outbound call, where answering machine detection is on; "unknown" is nobody that it could tell.
 * Source: Twilio, "Answering Machine Detection", AnsweredBy.
 */
export const answeredBy: ReadonlyMap<string, "person" | "machine" | "unknown"> = new Map(
  Object.entries({
    human: "person",
    machine_start: "machine",
    machine_end_beep: "machine",
    machine_end_silence: "machine",
    machine_end_other: "machine",
    fax: "machine",
    unknown: "unknown",
  } as const),
);
