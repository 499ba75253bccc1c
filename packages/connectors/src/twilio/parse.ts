import { z } from "zod";
import { callEvent } from "../call/callEvent.ts";
import type { ConnectorContext, Outcome, ParsedElement, ProviderRequest } from "../connector.ts";
import { event, noMeaning, readAs, unknownType } from "../elements.ts";
import { formFields } from "../forms.ts";
import { asObject, parseJson } from "../json.ts";
import { optionalText, wholeSeconds } from "../shapes.ts";
import { answeredBy, callStatuses, dialStatuses } from "./outcomes.ts";
import type { TwilioSettings } from "./twilio.ts";

const shape = z.looseObject({
  CallSid: optionalText,
  MessageSid: optionalText,
  SmsStatus: optionalText,
  CallStatus: optionalText,
  Direction: optionalText,
  From: optionalText,
  To: optionalText,
  Timestamp: optionalText,
  ParentCallSid: optionalText,
  CallbackSource: optionalText,
  CallDuration: optionalText,
  DialCallStatus: optionalText,
  DialCallDuration: optionalText,
  AnsweredBy: optionalText,
  RecordingUrl: optionalText,
  RecordingSource: optionalText,
  RecordingDuration: optionalText,
});
type Callback = z.infer<typeof shape>;

const directions = z.enum(["inbound", "outbound-api", "outbound-dial"]);

/** One callback: a form, a JSON object or, by GET, the address's query. */
export function parseTwilio(request: ProviderRequest, context: ConnectorContext<TwilioSettings>): ParsedElement[] {
  const outcome = readAs(shape, fieldsOf(request), (callback) => mapCallback(callback, context));
  return [{ raw: request.body, ...outcome }];
}

function fieldsOf(request: ProviderRequest): Record<string, unknown> {
  if (request.method === "GET") return Object.fromEntries(new URL(request.url).searchParams);
  if (/json/i.test(request.headers["content-type"] ?? "")) return asObject(parseJson(request.body));
  return Object.fromEntries(formFields(request));
}

function mapCallback(callback: Callback, context: ConnectorContext<TwilioSettings>): Outcome {
  if (callback.MessageSid !== undefined) return mapMessage(callback, callback.MessageSid, context);
  const { CallSid: id } = callback;
  if (id === undefined) return { fault: "CallSid: is missing" };
  if (callback.ParentCallSid !== undefined && context.settings.dial_legs === "ignored") {
    return noMeaning("a leg of another call, which tells for itself");
  }
  const message = isVoicemail(callback);
  if (callback.CallStatus === undefined && !message) return unknownType("a callback without CallStatus");
  const { DialCallStatus: dialled } = callback;
  const meaning = message
    ? "voicemail"
    : dialled === undefined
      ? callStatuses.get(callback.CallStatus ?? "")
      : dialStatuses.get(dialled);
  if (meaning === undefined) {
    return unknownType(dialled === undefined ? `CallStatus ${callback.CallStatus}` : `DialCallStatus ${dialled}`);
  }
  if (meaning === "nothing") return noMeaning(`${callback.CallStatus} is neither a call's beginning nor its end`);
  return readAs(directions, callback.Direction, (direction) => {
    if (meaning === "ended" && direction === "inbound" && context.settings.inbound_ends === "told_by_dial") {
      return noMeaning("an inbound call that ended: whether somebody took it is told by the action of <Dial>");
    }
    const byMachine = meaning === "ended" && answeredBy.get(callback.AnsweredBy ?? "") === "machine";
    const stage = meaning === "ended" ? (byMachine ? "missed" : "completed") : meaning;
    const seconds =
      stage === "voicemail"
        ? callback.RecordingDuration
        : dialled === undefined
          ? callback.CallDuration
          : // A dial into a conference is answered without a length of its own.
            (callback.DialCallDuration ?? (dialled === "answered" ? "0" : undefined));
    return readAs(stage === "completed" ? wholeSeconds : wholeSeconds.optional(), seconds, (duration) =>
      event(
        callEvent({
          id,
          stage,
          at: timeOf(callback, context.receivedAt),
          direction: direction === "inbound" ? "inbound" : "outbound",
          number: direction === "inbound" ? callback.From : callback.To,
          line: direction === "inbound" ? callback.To : callback.From,
          seconds: duration,
          outcome: byMachine ? callback.AnsweredBy : (dialled ?? callback.CallStatus),
        }),
      ),
    );
  });
}

/** A text message; what became of one of ours says nothing of the client. */
function mapMessage(callback: Callback, id: string, context: ConnectorContext<TwilioSettings>): Outcome {
  if (callback.SmsStatus !== "received") return noMeaning("what became of a text message of ours");
  return event(
    callEvent({
      id,
      stage: "message_received",
      at: timeOf(callback, context.receivedAt),
      direction: "inbound",
      number: callback.From?.replace(/^whatsapp:/, ""),
      line: callback.To?.replace(/^whatsapp:/, ""),
    }),
  );
}

/** The action of `<Record>`, and no recording of a whole call: those come with its end or name another source. */
function isVoicemail(callback: Callback): boolean {
  return (
    callback.RecordingUrl !== undefined &&
    callback.DialCallStatus === undefined &&
    callback.CallbackSource === undefined &&
    callback.CallDuration === undefined &&
    (callback.RecordingSource ?? "RecordVerb") === "RecordVerb" &&
    callback.From !== undefined
  );
}

/** `Timestamp` is RFC 2822; callbacks of verbs have none. */
function timeOf(callback: Callback, receivedAt: Date): string {
  const told = Date.parse(callback.Timestamp ?? "");
  return new Date(told > 0 ? told : receivedAt).toISOString();
}
