import { z } from "zod";
import { callEvent } from "../call/callEvent.ts";
import type { Connector, ConnectorContext, Outcome, ProviderRequest, Verification } from "../connector.ts";
import { event, noMeaning, readAs, unknownType } from "../elements.ts";
import { asObject, asText, parseJson } from "../json.ts";
import { anything, optionalObject, optionalText, requiredText, unixSeconds, wholeSeconds } from "../shapes.ts";
import { sameText } from "../signatures.ts";

const settings = z.object({});

/** Aircall signs nothing: the body carries the webhook's token. */
function verify(request: ProviderRequest, context: ConnectorContext): Verification {
  let token: string | undefined;
  try {
    token = asText(asObject(parseJson(request.body)).token);
  } catch {
    return { ok: false, status: 400, detail: "the body is not JSON, and the token stands in it" };
  }
  if (token === undefined) return { ok: false, detail: "token: is missing in the body" };
  const given = token;
  const fits = context.secrets.filter((secret) => sameText(given, secret)).length > 0;
  return fits ? { ok: true } : { ok: false, detail: "the token is not the source's" };
}

const envelope = z.looseObject({ event: requiredText, timestamp: unixSeconds, data: optionalObject });
const callShape = z.looseObject({
  id: requiredText,
  direction: z.enum(["inbound", "outbound"]),
  started_at: unixSeconds.optional().catch(undefined),
  answered_at: anything,
  ended_at: unixSeconds.optional().catch(undefined),
  duration: anything,
  missed_call_reason: optionalText,
  raw_digits: optionalText,
  voicemail: optionalText,
  user: optionalObject,
  number: optionalObject,
  contact: optionalObject,
});

/** Events of a call between its beginning and its end, or about what people noted of it later. */
const withoutMeaning =
  /^(call\.(ringing_on_agent|agent_declined|answered|transferred|external_transferred|unsuccessful_transfer|hungup|hold|unhold|ivr_option_selected|comm_assets_generated|assigned|archived|tagged|untagged|commented)|(user|number|contact|message)\..+)$/;

function map(body: unknown): Outcome {
  return readAs(envelope, body, ({ event: name, timestamp, data }) => {
    if (withoutMeaning.test(name)) return noMeaning(`${name} is neither a call's beginning nor its end`);
    if (!["call.created", "call.ended", "call.voicemail_left"].includes(name)) return unknownType(name);
    return readAs(callShape, data, (call) => {
      const told = {
        id: call.id,
        direction: call.direction,
        number: call.raw_digits,
        line: asText(call.number.digits),
        agent: asText(call.user.email) ?? asText(call.user.name),
        outcome: call.missed_call_reason,
        ...personOf(call.contact),
      };
      const at = (name === "call.created" ? call.started_at : call.ended_at) ?? timestamp;
      if (name === "call.created") return event(callEvent({ ...told, stage: "started", at }));
      if (name === "call.voicemail_left") return event(callEvent({ ...told, stage: "voicemail", at }));
      if (call.answered_at === null || call.answered_at === undefined) {
        return event(callEvent({ ...told, stage: call.voicemail === undefined ? "missed" : "voicemail", at }));
      }
      return readAs(wholeSeconds, talkSeconds(call), (seconds) =>
        event(callEvent({ ...told, stage: "completed", at, seconds })),
      );
    });
  });
}

/** Aircall's `duration` counts the ringing too. */
function talkSeconds({ answered_at: answered, ended_at: ended, duration }: z.infer<typeof callShape>): unknown {
  const talked = ended === undefined ? Number.NaN : Date.parse(ended) / 1000 - Number(answered);
  return talked >= 0 ? talked : duration;
}

/** A contact of the shared address book; its address is used only where it is the only one. */
function personOf(contact: Record<string, unknown>) {
  const id = asText(contact.id);
  const emails = Array.isArray(contact.emails) ? contact.emails.map((email) => asText(asObject(email).value)) : [];
  const name = [contact.first_name, contact.last_name].map(asText).filter((part) => part !== undefined);
  const company = asText(contact.company_name);
  return {
    userId: id === undefined ? undefined : `aircall:contact:${id}`,
    email: emails.length === 1 ? emails[0] : undefined,
    traits: {
      ...(name.length > 0 ? { name: name.join(" ") } : {}),
      ...(company === undefined ? {} : { company }),
    },
  };
}

/** The token proves a request, so it is not kept with the bytes; nothing that reads them again needs it. */
function withoutToken(body: Buffer, token: string | undefined): Buffer {
  if (token === undefined) return body;
  return Buffer.from(body.toString("utf8").replaceAll(JSON.stringify(token), '"[redacted]"'));
}

/** Aircall: calls of its phone system. */
export const aircall: Connector = {
  name: "aircall",
  title: "Aircall webhooks",
  kind: "call",
  settings,
  secret: {
    label: "Webhook token",
    origin: "provider",
    where: "the webhook's token in the answer of GET https://api.aircall.io/v1/webhooks; the dashboard doesn't show it",
  },
  setup: (address) => [
    "In Aircall open Integrations & API, Webhook, and create one.",
    `URL: ${address}; events: call.created, call.ended and call.voicemail_left.`,
    "Read its token from Aircall's API (GET /v1/webhooks) and copy it into this source.",
  ],
  verify,
  parse(request) {
    const body = parseJson(request.body);
    return [{ raw: withoutToken(request.body, asText(asObject(body).token)), ...map(body) }];
  },
  sample(address, context) {
    const seconds = Math.floor(context.receivedAt.getTime() / 1000);
    const body = {
      resource: "call",
      event: "call.ended",
      timestamp: seconds,
      token: context.secrets[0]!,
      data: {
        id: context.receivedAt.getTime(),
        direction: "inbound",
        status: "done",
        started_at: seconds - 60,
        answered_at: seconds - 50,
        ended_at: seconds - 8,
        duration: 52,
        raw_digits: "+1 202-555-0123",
        voicemail: null,
      },
    };
    return {
      method: "POST",
      url: address,
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify(body)),
    };
  },
};
