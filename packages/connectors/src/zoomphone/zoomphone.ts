import { z } from "zod";
import type { Connector, ConnectorContext, Handshake, ProviderRequest, Verification } from "../connector.ts";
import { asObject, asText, parseJson } from "../json.ts";
import { hmac, isRecent, sameText } from "../signatures.ts";
import { parseZoomPhone } from "./parse.ts";

const settings = z.object({});

/** Zoom repeats a request 5, 25 and 85 minutes after the first; whether it signs a repeat anew is not documented. */
const toleranceSeconds = 90 * 60;

export const signZoom = (secret: string, timestamp: string, body: Buffer): string =>
  `v0=${hmac("sha256", secret, `v0:${timestamp}:`, body).toString("hex")}`;

/** The secret that signed the request. Source: Zoom, "Using webhooks", verify with Zoom's header. */
function signer(request: ProviderRequest, context: ConnectorContext): { secret: string } | { detail: string } {
  const signature = request.headers["x-zm-signature"];
  const timestamp = request.headers["x-zm-request-timestamp"];
  if (!signature || !timestamp) {
    return { detail: "the headers x-zm-signature and x-zm-request-timestamp are needed" };
  }
  if (!/^\d{1,12}$/.test(timestamp) || !isRecent(Number(timestamp), context.receivedAt, toleranceSeconds)) {
    return { detail: "x-zm-request-timestamp is more than 90 minutes away from our clock" };
  }
  const fitting = context.secrets.filter((secret) => sameText(signature, signZoom(secret, timestamp, request.body)));
  return fitting[0] === undefined
    ? { detail: "the signature fits no secret token of the source" }
    : { secret: fitting[0] };
}

function verify(request: ProviderRequest, context: ConnectorContext): Verification {
  const found = signer(request, context);
  return "secret" in found ? { ok: true } : { ok: false, detail: found.detail };
}

/** Zoom asks every 72 hours whether we still hold the secret, and switches the webhook off where the answer is wrong. */
function handshake(request: ProviderRequest, context: ConnectorContext): Handshake | undefined {
  if (!request.body.includes("endpoint.url_validation")) return undefined;
  const found = signer(request, context);
  if (!("secret" in found)) return undefined;
  const plainToken = plainTokenOf(request.body);
  if (plainToken === undefined) return undefined;
  const encryptedToken = hmac("sha256", found.secret, plainToken).toString("hex");
  return {
    reply: {
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ plainToken, encryptedToken }),
    },
  };
}

function plainTokenOf(bytes: Buffer): string | undefined {
  try {
    const body = asObject(parseJson(bytes));
    return body.event === "endpoint.url_validation" ? asText(asObject(body.payload).plainToken) : undefined;
  } catch {
    return undefined;
  }
}

/** Zoom Phone: calls of its phone system. */
export const zoomphone: Connector = {
  name: "zoomphone",
  title: "Zoom Phone webhooks",
  kind: "call",
  settings,
  secret: {
    label: "Secret token",
    origin: "provider",
    where: "the app's Features, Access page in the Zoom App Marketplace",
  },
  setup: (address) => [
    "In the Zoom App Marketplace create a server-to-server OAuth app (or a webhook-only app) for the account.",
    "Copy its secret token into this source and save it, because Zoom checks the address at once.",
    `Under Features, Access add an event subscription with the endpoint ${address}.`,
    "Choose the Phone events: caller ringing, callee ringing, caller ended, callee ended, callee missed, voicemail received, callee call history completed, SMS received.",
  ],
  verify,
  handshake,
  parse: parseZoomPhone,
  sample(address, context) {
    const end = context.receivedAt.getTime();
    const ago = (seconds: number) => new Date(end - seconds * 1000).toISOString();
    const body = Buffer.from(
      JSON.stringify({
        event: "phone.callee_ended",
        event_ts: end,
        payload: {
          account_id: "wiring-test",
          object: {
            call_id: String(end),
            caller: { phone_number: "+12025550123", extension_type: "pstn", connection_type: "pstn_off_net" },
            callee: { phone_number: "+12025550100", extension_number: 800, extension_type: "user" },
            ringing_start_time: ago(50),
            answer_start_time: ago(42),
            call_end_time: ago(0),
          },
        },
      }),
    );
    const timestamp = String(Math.floor(end / 1000));
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json",
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": signZoom(context.secrets[0]!, timestamp, body),
      },
      body,
    };
  },
};
