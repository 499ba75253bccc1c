import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Connector, ConnectorContext, ProviderRequest, Verification } from "../connector.ts";
import { takeContractEvent } from "../contractEvent.ts";
import { parseJson } from "../json.ts";
import { hmac, isRecent, sameText } from "../signatures.ts";

const toleranceSeconds = 300;
/** Whoever doesn't know the vocabulary's envelope sends `{type, timestamp, data}`; both are read. */
const settings = z.object({});

/** Signature of one attempt: `v1,` and the base64 HMAC of `id.timestamp.body` under the decoded secret. */
export function signStandardWebhook(secret: string, id: string, timestamp: string, body: Buffer): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${hmac("sha256", key, `${id}.${timestamp}.`, body).toString("base64")}`;
}

/**
 * Checks Standard Webhooks headers; `svix-…` is the older name of `webhook-…`.
 * Source: the Standard Webhooks specification, "Verifying webhook authenticity".
 */
export function verifyStandardWebhook(request: ProviderRequest, context: ConnectorContext): Verification {
  const header = (name: string) => request.headers[`webhook-${name}`] ?? request.headers[`svix-${name}`];
  const [id, timestamp, signatures] = [header("id"), header("timestamp"), header("signature")];
  if (!id || !timestamp || !signatures) {
    return { ok: false, detail: "the headers webhook-id, webhook-timestamp and webhook-signature are needed" };
  }
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, detail: "webhook-timestamp must be Unix seconds" };
  if (!isRecent(Number(timestamp), context.receivedAt, toleranceSeconds)) {
    return { ok: false, detail: `webhook-timestamp is more than ${toleranceSeconds / 60} minutes away from our clock` };
  }
  const given = signatures.split(" ");
  for (const secret of context.secrets) {
    const expected = signStandardWebhook(secret, id, timestamp, request.body);
    // Every pair is compared, so that the time tells nothing about which one fits.
    if (given.filter((signature) => sameText(signature, expected)).length > 0) return { ok: true };
  }
  return { ok: false, detail: "no signature fits the source's secret" };
}

/** Events of our vocabulary from any sender that signs by Standard Webhooks. */
export const standardWebhooks: Connector = {
  name: "standardwebhooks",
  title: "Standard Webhooks",
  kind: "web",
  settings,
  secret: { label: "Signing secret", origin: "keypulse", where: "whsec_… in the sender's signing library" },
  setup: (address) => [
    `Send every event as POST to ${address}.`,
    "Sign it with the secret by a Standard Webhooks library (standardwebhooks.com has one for most languages).",
    'The body is {"type": "order.placed", "timestamp": "2026-01-31T09:30:00Z", "data": {"identifiers": {…}, "properties": {…}}}; the header webhook-id becomes the event\'s id.',
  ],
  verify: verifyStandardWebhook,
  parse(request) {
    const id = request.headers["webhook-id"] ?? request.headers["svix-id"];
    return [takeContractEvent(parseJson(request.body), request.body, { id })];
  },
  sample(address, context) {
    const body = Buffer.from(
      JSON.stringify({
        type: "web.page_viewed",
        timestamp: context.receivedAt.toISOString(),
        data: {
          identifiers: { email: "wiring-test@keypulse.example" },
          properties: { url: "https://keypulse.example/wiring-test" },
        },
      }),
    );
    const id = `msg_${randomUUID()}`;
    const timestamp = String(Math.floor(context.receivedAt.getTime() / 1000));
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signStandardWebhook(context.secrets[0]!, id, timestamp, body),
      },
      body,
    };
  },
};
