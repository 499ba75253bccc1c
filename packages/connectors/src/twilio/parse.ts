import { z } from "zod";
import { type Call, callEvent } from "../call/callEvent.ts";
import type { ConnectorContext, Outcome, ParsedElement, ProviderRequest } from "../connector.ts";
import { event, noMeaning, readAs, unknownType } from "../elements.ts";
import { formFields } from "../forms.ts";
import { asObject, parseJson } from "../json.ts";
import { optionalText, requiredText, wholeSeconds } from "../shapes.ts";
import type { TwilioSettings } from "./twilio.ts";

/** Statuses of a call; only "completed" means that somebody, or an answering machine, took it. */
const stages = new Map<string, Call["stage"] | "none">([
  ["queued", "none"],
  ["initiated", "started"],
  ["ringing", "started"],
  ["in-progress", "none"],
  ["completed", "completed"],
  ["busy", "missed"],
  ["failed", "missed"],
  ["no-answer", "missed"],
  ["canceled", "missed"],
]);

const shape = z.looseObject({
  CallSid: requiredText,
  CallStatus: optionalText,
  Direction: optionalText,
  From: optionalText,
  To: optionalText,
  Timestamp: optionalText,
  ParentCallSid: optionalText,
  CallbackSource: optionalText,
  CallDuration: optionalText,
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
  if (callback.ParentCallSid !== undefined && context.settings.dial_legs === "ignored") {
    return noMeaning("a leg of another call, which tells for itself");
  }
  const message = isVoicemail(callback);
  if (callback.CallStatus === undefined && !message) return unknownType("a callback without CallStatus");
  const stage = message ? "voicemail" : stages.get(callback.CallStatus ?? "");
  if (stage === undefined) return unknownType(`CallStatus ${callback.CallStatus}`);
  if (stage === "none") return noMeaning(`${callback.CallStatus} is neither a call's beginning nor its end`);
  return readAs(directions, callback.Direction, (direction) => {
    const seconds = stage === "voicemail" ? callback.RecordingDuration : callback.CallDuration;
    return readAs(stage === "completed" ? wholeSeconds : wholeSeconds.optional(), seconds, (duration) =>
      event(
        callEvent({
          id: callback.CallSid,
          stage,
          at: timeOf(callback, context.receivedAt),
          direction: direction === "inbound" ? "inbound" : "outbound",
          number: direction === "inbound" ? callback.From : callback.To,
          line: direction === "inbound" ? callback.To : callback.From,
          seconds: duration,
          outcome: callback.CallStatus,
        }),
      ),
    );
  });
}

/** The action of `<Record>`, and no recording of a whole call: those come with its end or name another source. */
function isVoicemail(callback: Callback): boolean {
  return (
    callback.RecordingUrl !== undefined &&
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
