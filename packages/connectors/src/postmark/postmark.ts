import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Connector, ConnectorContext, ProviderRequest, Verification } from "../connector.ts";
import { mailSettings } from "../mail/mailEvent.ts";
import { replySettings } from "../mail/reply.ts";
import { sameText } from "../signatures.ts";
import { parsePostmark } from "./parse.ts";

export const postmarkSettings = z.object({ ...mailSettings.shape, ...replySettings.shape });
export type PostmarkSettings = z.infer<typeof postmarkSettings>;

/** Stops the retries of incoming mail; those of events end with any 4xx. */
const refusal = 403;

/** Postmark signs nothing: the secret is the password of the address (HTTP Basic, RFC 7617); any user name will do. */
function verify(request: ProviderRequest, context: ConnectorContext): Verification {
  const credentials = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization?.trim() ?? "")?.[1];
  if (credentials === undefined) {
    return { ok: false, status: refusal, detail: "user name and password are needed in the webhook's address" };
  }
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, "base64").toString("utf8")) ?? [];
  const fits = context.secrets.filter((secret) => sameText(password ?? "", secret)).length > 0;
  return fits ? { ok: true } : { ok: false, status: refusal, detail: "the password is not the source's secret" };
}

/** Postmark: what became of sent mail, and replies through an inbound stream. */
export const postmark: Connector<PostmarkSettings> = {
  name: "postmark",
  title: "Postmark webhooks and inbound mail",
  kind: "email",
  settings: postmarkSettings,
  secret: { label: "Password", origin: "keypulse", where: "HTTP Basic password in the webhook's address" },
  setup: (address) => {
    const withPassword = address.replace(/^(https?:\/\/)/, "$1keypulse:SECRET@");
    return [
      `The address is ${withPassword}, where SECRET is this source's secret.`,
      "In Postmark open the server, its message stream, Webhooks, Add webhook.",
      "Paste the address and choose Open, Click, Delivery, Bounce, Spam complaint and Subscription change.",
      "For replies paste the same address as the webhook of the inbound stream.",
    ];
  },
  verify,
  parse: parsePostmark,
  sample(address, context) {
    const delivery = {
      RecordType: "Delivery",
      MessageStream: "outbound",
      ServerID: 0,
      MessageID: randomUUID(),
      Recipient: "wiring-test@keypulse.example",
      DeliveredAt: context.receivedAt.toISOString(),
      Details: "Wiring test",
      Tag: "wiring-test",
      Metadata: {},
    };
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json",
        authorization: `Basic ${Buffer.from(`keypulse:${context.secrets[0]!}`).toString("base64")}`,
      },
      body: Buffer.from(JSON.stringify(delivery)),
    };
  },
};
