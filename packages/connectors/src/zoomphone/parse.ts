import { z } from "zod";
import { type Call, callEvent } from "../call/callEvent.ts";
import { callerNumber } from "../call/caller.ts";
import type { Outcome, ParsedElement, ProviderRequest } from "../connector.ts";
import { event, noMeaning, readAs, unknownType } from "../elements.ts";
import { parseJson } from "../json.ts";
import {
  anything,
  optionalObject,
  optionalText,
  requiredText,
  unixMilliseconds,
  wholeSeconds,
  zonedInstant,
} from "../shapes.ts";
import { readHistory } from "./history.ts";

const envelope = z.looseObject({
  event: requiredText,
  event_ts: unixMilliseconds,
  payload: z.looseObject({ object: optionalObject }),
});

const party = optionalObject.pipe(
  z.looseObject({
    phone_number: optionalText,
    extension_number: optionalText,
    extension_type: optionalText,
    user_id: optionalText,
    name: optionalText,
  }),
);
type Party = z.infer<typeof party>;

const instant = zonedInstant.optional().catch(undefined);
const callShape = z.looseObject({
  call_id: requiredText,
  caller: party,
  callee: party,
  ringing_start_time: instant,
  answer_start_time: instant,
  connected_start_time: instant,
  call_end_time: instant,
  handup_result: optionalText,
  forwarded_by: anything,
});
type ZoomCall = z.infer<typeof callShape>;

const voicemailShape = z.looseObject({
  id: requiredText,
  call_id: optionalText,
  caller_number: optionalText,
  caller_did_number: optionalText,
  caller_user_id: optionalText,
  callee_number: optionalText,
  callee_name: optionalText,
  date_time: zonedInstant,
  duration: wholeSeconds.optional().catch(undefined),
});

/** Of a text message only one of ours has an id or a type. Source: Zoom Phone, `phone.sms_received`. */
const messageParty = optionalObject.pipe(
  z.looseObject({ phone_number: optionalText, id: optionalText, type: optionalText, display_name: optionalText }),
);
const messageShape = z.looseObject({
  message_id: requiredText,
  date_time: zonedInstant,
  sender: messageParty,
  to_members: z.array(messageParty).default([]),
});

/** A text message to one of ours. */
function mapMessage(object: Record<string, unknown>): Outcome {
  return readAs(messageShape, object, ({ message_id: id, date_time: at, sender, to_members: [ours] }) => {
    if (sender.id !== undefined || sender.type !== undefined) return noMeaning("a text message of a colleague");
    return event(
      callEvent({
        ...{ id, stage: "message_received", at, direction: "inbound", number: sender.phone_number },
        ...{ line: ours?.phone_number, agent: ours?.display_name },
      }),
    );
  });
}

const withoutMeaning =
  /^phone\.((caller|callee)_(connected|answered|rejected|hold|unhold|mute|unmute|call_log_completed|call_element_completed)|caller_call_history_completed|recording_.+|sms_(sent|delivery_failed|etiquette_.+))$/;

export function parseZoomPhone(request: ProviderRequest): ParsedElement[] {
  const outcome = readAs(envelope, parseJson(request.body), ({ event: name, event_ts, payload }) =>
    mapEvent(name, event_ts, payload.object),
  );
  return [{ raw: request.body, ...outcome }];
}

function mapEvent(name: string, at: string, object: Record<string, unknown>): Outcome {
  switch (name) {
    case "phone.caller_ringing":
    case "phone.callee_ringing":
      return mapLeg(name, object, (call) => ({ stage: "started", at: call.ringing_start_time ?? at }));
    case "phone.caller_ended":
    case "phone.callee_ended":
      return mapLeg(name, object, (call) => ended(name, call, call.call_end_time ?? at));
    case "phone.callee_missed":
      return mapLeg(name, object, (call) => missed(call, call.call_end_time ?? at));
    case "phone.voicemail_received":
      return mapVoicemail(object);
    case "phone.sms_received":
      return mapMessage(object);
    case "phone.callee_call_history_completed":
      return readHistory(object, at);
    default:
      return withoutMeaning.test(name)
        ? noMeaning(`${name} is neither a call's beginning nor its end`)
        : unknownType(name);
  }
}

type Stage = Pick<Call, "stage" | "at" | "seconds">;

/** `caller_…` events are about our caller, `callee_…` about our called one; the client is the other party. */
function mapLeg(name: string, object: Record<string, unknown>, stageOf: (call: ZoomCall) => Stage | Outcome): Outcome {
  return readAs(callShape, object, (call) => {
    const outbound = name.startsWith("phone.caller_");
    const [client, ours] = outbound ? [call.callee, call.caller] : [call.caller, call.callee];
    if (isColleague(client)) return noMeaning("a call between colleagues");
    const stage = stageOf(call);
    if (!("stage" in stage)) return stage;
    return event(
      callEvent({
        id: call.call_id,
        ...stage,
        direction: outbound ? "outbound" : "inbound",
        number: client.phone_number,
        line: ours.phone_number,
        agent: ours.name ?? ours.extension_number,
        outcome: call.handup_result,
      }),
    );
  });
}

function ended(name: string, call: ZoomCall, at: string): Stage | Outcome {
  const answered = call.answer_start_time ?? call.connected_start_time;
  if (answered !== undefined) {
    const seconds = Math.max(0, Math.round((Date.parse(at) - Date.parse(answered)) / 1000));
    return { stage: "completed", at, seconds };
  }
  if (call.handup_result === "Call connected") return { fault: "answer_start_time: is missing" };
  // One leg of a queue that ends unanswered says nothing of the others; an outbound call has one only.
  return name === "phone.caller_ended" ? { stage: "missed", at } : noMeaning("a phone stopped ringing");
}

/** Zoom tells of every phone that rang in vain: of a queue's, another may have been answered. */
function missed(call: ZoomCall, at: string): Stage | Outcome {
  if (call.handup_result === "Answered by Other Member") return noMeaning("answered on another phone");
  if (call.forwarded_by !== undefined && call.forwarded_by !== null) {
    return noMeaning("one phone of a queue; the call history tells whether nobody answered");
  }
  return { stage: "missed", at };
}

/**
 * Anybody with an extension is one of us; a short number is an extension too. Of a number outside Zoom repeats the number
 * as its extension, of the type "user" (in its own examples).
 */
function isColleague({ phone_number: number, extension_number, extension_type, user_id }: Party): boolean {
  if (user_id !== undefined) return true;
  const digits = (number ?? "").replace(/\D/g, "");
  const extension = (extension_number ?? "").replace(/\D/g, "");
  if (digits.length > 6 && extension !== "" && digits.endsWith(extension) && extension.length > 6) return false;
  if (extension_number !== undefined) return true;
  if (extension_type !== undefined && extension_type !== "pstn") return true;
  return /^\d{1,6}$/.test(number ?? "");
}

function mapVoicemail(object: Record<string, unknown>): Outcome {
  return readAs(voicemailShape, object, (message) => {
    if (message.caller_user_id !== undefined) return noMeaning("a message of a colleague");
    return event(
      callEvent({
        id: message.call_id ?? message.id,
        stage: "voicemail",
        at: message.date_time,
        direction: "inbound",
        number: callerNumber(message.caller_number) ?? message.caller_did_number,
        line: message.callee_number,
        agent: message.callee_name,
        seconds: message.duration,
      }),
    );
  });
}
