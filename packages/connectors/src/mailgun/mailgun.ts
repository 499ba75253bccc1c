import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Connector, ConnectorContext, ProviderRequest, Verification } from "../connector.ts";
import { formFields, isForm } from "../forms.ts";
import { asObject, asText, parseJson } from "../json.ts";
import { mailSettings } from "../mail/mailEvent.ts";
import { replySettings } from "../mail/reply.ts";
import { hmac, isRecent, sameText } from "../signatures.ts";
import { parseMailgun } from "./parse.ts";

export const mailgunSettings = z.object({ ...mailSettings.shape, ...replySettings.shape });
export type MailgunSettings = z.infer<typeof mailgunSettings>;

/** Mailgun repeats a request for about eight hours; what is older was recorded and is played again. */
const toleranceSeconds = 24 * 3600;

/** Any other status makes Mailgun send a forged request's twin for eight hours. */
const refusal = 406;

export function signMailgun(secret: string, timestamp: string, token: string): string {
  return hmac("sha256", secret, timestamp, token).toString("hex");
}

interface Proof {
  timestamp: string | undefined;
  token: string | undefined;
  /** The account's own and, for a sub-account, its parent's. */
  signatures: string[];
}

function readProof(request: ProviderRequest): Proof {
  const read = isForm(request)
    ? Object.fromEntries(formFields(request))
    : asObject(asObject(parseJson(request.body)).signature);
  const signatures = [asText(read.signature), asText(read["parent-signature"])];
  return {
    timestamp: asText(read.timestamp),
    token: asText(read.token),
    signatures: signatures.filter((signature) => signature !== undefined),
  };
}

/** The proof stands inside the body and covers a time and a random token, not the event: TLS has to do that. */
function verify(request: ProviderRequest, context: ConnectorContext): Verification {
  let proof: Proof;
  try {
    proof = readProof(request);
  } catch {
    return { ok: false, status: refusal, detail: "the body can't be read, and the signature stands in it" };
  }
  const { timestamp, token, signatures } = proof;
  if (timestamp === undefined || token === undefined || signatures.length === 0) {
    return { ok: false, status: refusal, detail: "timestamp, token and signature are needed in the body" };
  }
  if (!/^\d{1,12}$/.test(timestamp) || !isRecent(Number(timestamp), context.receivedAt, toleranceSeconds)) {
    return {
      ok: false,
      status: refusal,
      detail: "the signature's timestamp is more than 24 hours away from our clock",
    };
  }
  for (const secret of context.secrets) {
    const expected = signMailgun(secret, timestamp, token);
    if (signatures.filter((signature) => sameText(signature, expected)).length > 0) return { ok: true };
  }
  return { ok: false, status: refusal, detail: "no signature fits the source's HTTP webhook signing key" };
}

/** Mailgun: what became of sent mail, and replies that a route forwards. */
export const mailgun: Connector<MailgunSettings> = {
  name: "mailgun",
  title: "Mailgun webhooks and routes",
  kind: "email",
  settings: mailgunSettings,
  secret: {
    label: "HTTP webhook signing key",
    origin: "provider",
    where: "Account settings, API security (not the API key)",
  },
  setup: (address) => [
    "Copy the HTTP webhook signing key from the account's API security page into this source.",
    "In Mailgun open Send, Sending, Webhooks of your domain.",
    `Add ${address} for Delivered, Opened, Clicked, Unsubscribed, Spam Complaints and Permanent Failure.`,
    `For replies create a route under Receiving whose action is forward("${address}").`,
  ],
  verify,
  parse: parseMailgun,
  sample(address, context) {
    const timestamp = String(Math.floor(context.receivedAt.getTime() / 1000));
    const token = randomBytes(25).toString("hex");
    const body = {
      signature: { timestamp, token, signature: signMailgun(context.secrets[0]!, timestamp, token) },
      "event-data": {
        id: `wiring-test-${token.slice(0, 16)}`,
        event: "delivered",
        timestamp: context.receivedAt.getTime() / 1000,
        recipient: "wiring-test@keypulse.example",
        message: { headers: { "message-id": "wiring-test@keypulse.example", subject: "Wiring test" } },
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
