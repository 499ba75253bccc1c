import { createPublicKey, type KeyObject, verify as verifySignature } from "node:crypto";
import type { Connector, ConnectorContext, ProviderRequest, Verification } from "../connector.ts";
import { type MailSettings, mailSettings } from "../mail/mailEvent.ts";
import { isRecent } from "../signatures.ts";
import { parseSendGrid } from "./parse.ts";

const signatureHeader = "x-twilio-email-event-webhook-signature";
const timestampHeader = "x-twilio-email-event-webhook-timestamp";

/** A batch is sent again for 24 hours; whether a later attempt is signed anew is not documented. */
const toleranceSeconds = 25 * 3600;

/** Base64 of the SPKI as SendGrid shows it; PEM lines around it do no harm. */
function publicKey(secret: string): KeyObject | undefined {
  const spki = Buffer.from(secret.replace(/-----[^-]*-----|\s/g, ""), "base64");
  try {
    return createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** ECDSA P-256 with SHA-256 over the timestamp's text and the raw body, the closing line break included. */
function verify(request: ProviderRequest, context: ConnectorContext): Verification {
  const signature = request.headers[signatureHeader];
  const timestamp = request.headers[timestampHeader];
  if (!signature || !timestamp) {
    return { ok: false, detail: `the headers ${signatureHeader} and ${timestampHeader} are needed` };
  }
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, detail: `${timestampHeader} must be Unix seconds` };
  if (!isRecent(Number(timestamp), context.receivedAt, toleranceSeconds)) {
    return { ok: false, detail: `${timestampHeader} is more than 25 hours away from our clock` };
  }
  const signed = Buffer.concat([Buffer.from(timestamp), request.body]);
  const keys = context.secrets.map(publicKey).filter((key) => key !== undefined);
  if (keys.length === 0) return { ok: false, detail: "the source's verification key is not a public key" };
  const fits = keys.some((key) => verifySignature("sha256", signed, key, Buffer.from(signature, "base64")));
  return fits ? { ok: true } : { ok: false, detail: "the signature fits no verification key of the source" };
}

/** SendGrid's Event Webhook: what became of sent mail. */
export const sendgrid: Connector<MailSettings> = {
  name: "sendgrid",
  title: "SendGrid Event Webhook",
  kind: "email",
  settings: mailSettings,
  secret: {
    label: "Verification key",
    origin: "provider",
    where: "Settings, Mail Settings, Event Webhook, Signature Verification: shown once it is switched on",
  },
  setup: (address) => [
    "In SendGrid open Settings, Mail Settings, Event Webhooks and create a webhook.",
    `Post URL: ${address}`,
    "Choose the events Delivered, Dropped, Bounced, Opened, Clicked, Spam Reports, Unsubscribed and Group Unsubscribed.",
    "Switch on Signed Event Webhook, save, and copy the verification key into this source.",
    "Press Test Your Integration: its events come from example@test.com and are not counted.",
  ],
  verify,
  parse: parseSendGrid,
  onlyProviderSigns: true,
  sample(address, context) {
    const seconds = Math.floor(context.receivedAt.getTime() / 1000);
    const delivered = {
      email: "wiring-test@keypulse.example",
      timestamp: seconds,
      event: "delivered",
      sg_event_id: `wiring-test-${context.receivedAt.getTime()}`,
      sg_message_id: "wiring-test.1",
    };
    return {
      method: "POST",
      url: address,
      headers: { "content-type": "application/json", [timestampHeader]: String(seconds) },
      body: Buffer.from(`${JSON.stringify([delivered])}\r\n`),
    };
  },
};
