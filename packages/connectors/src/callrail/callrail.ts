import { z } from "zod";
import { callEvent } from "../call/callEvent.ts";
import type { Connector, ConnectorContext, Outcome, ProviderRequest, Verification } from "../connector.ts";
import { event, readAs, unknownType } from "../elements.ts";
import { asObject, asText, parseJson } from "../json.ts";
import { optionalText, requiredText, wholeSeconds, zonedInstant } from "../shapes.ts";
import { hmac, sameText } from "../signatures.ts";

const settings = z.object({});

/** CallRail's API reference, "Webhook security": base64 HMAC-SHA1 of the raw body under the company's key. */
export const signCallRail = (secret: string, body: Buffer): string => hmac("sha1", secret, body).toString("base64");

/** There is no limit of age: a call is told up to twenty minutes later, once its recording is there, and never again. */
function verify(request: ProviderRequest, context: ConnectorContext): Verification {
  const given = request.headers.signature;
  if (!given) return { ok: false, detail: "the header Signature is needed" };
  const fits = context.secrets.filter((secret) => sameText(given, signCallRail(secret, request.body))).length > 0;
  return fits ? { ok: true } : { ok: false, detail: "the signature fits no signing key of the source" };
}

const shape = z.looseObject({
  id: requiredText,
  direction: z.enum(["inbound", "outbound"]),
  start_time: zonedInstant,
  answered: z.boolean().nullish(),
  voicemail: z.boolean().nullish(),
  customer_phone_number: optionalText,
  tracking_phone_number: optionalText,
  customer_name: optionalText,
  agent_email: optionalText,
  call_type: optionalText,
  source_name: optionalText,
  utm_campaign: optionalText,
});

/** Texts and forms have addresses of their own in CallRail; wired to ours by mistake they are no calls. */
function isCall(body: Record<string, unknown>): boolean {
  return asText(body.start_time) !== undefined && "customer_phone_number" in body;
}

function map(body: Record<string, unknown>): Outcome {
  if (!isCall(body)) return unknownType("a body without start_time and customer_phone_number");
  return readAs(shape, body, (call) => {
    const ended = typeof call.answered === "boolean" || call.voicemail === true;
    const stage = !ended ? "started" : call.voicemail ? "voicemail" : call.answered ? "completed" : "missed";
    // A webhook writes the duration as a text, the API as a number; before the call there is none.
    return readAs(
      stage === "completed" ? wholeSeconds : wholeSeconds.optional().catch(undefined),
      body.duration,
      (seconds) => {
        const mapped = callEvent({
          id: call.id,
          stage,
          at: call.start_time,
          direction: call.direction,
          number: call.customer_phone_number,
          line: call.tracking_phone_number,
          seconds,
          outcome: call.call_type,
          agent: call.agent_email,
        });
        // Caller names are the phone network's; they are no traits of a person.
        const told = { caller_name: call.customer_name, source_name: call.source_name, campaign: call.utm_campaign };
        for (const [name, value] of Object.entries(told)) if (value !== undefined) mapped.properties[name] = value;
        return event(mapped);
      },
    );
  });
}

/** CallRail: calls to tracking numbers. */
export const callrail: Connector = {
  name: "callrail",
  title: "CallRail webhooks",
  kind: "call",
  settings,
  secret: {
    label: "Company signing key",
    origin: "provider",
    where: "the company's webhook settings in CallRail; every company has its own",
  },
  setup: (address) => [
    "In CallRail open the company's Settings, Integrations, Webhooks.",
    `Paste ${address} as Pre-Call and as Post-Call webhook.`,
    "Copy the signing key of the company into this source. CallRail never sends a call twice.",
  ],
  verify,
  parse: (request) => [{ raw: request.body, ...map(asObject(parseJson(request.body))) }],
  sample(address, context) {
    const at = context.receivedAt.toISOString();
    const body = Buffer.from(
      JSON.stringify({
        id: context.receivedAt.getTime(),
        answered: true,
        voicemail: false,
        call_type: "answered",
        direction: "inbound",
        duration: "42",
        start_time: at,
        created_at: at,
        timestamp: at,
        customer_phone_number: "+12025550123",
        customer_name: "Wiring test",
        tracking_phone_number: "+12025550100",
      }),
    );
    return {
      method: "POST",
      url: address,
      headers: { "content-type": "application/json", signature: signCallRail(context.secrets[0]!, body) },
      body,
    };
  },
};
