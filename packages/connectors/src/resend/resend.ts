import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Connector } from "../connector.ts";
import { type MailSettings, mailSettings } from "../mail/mailEvent.ts";
import { type ReplySettings, replySettings } from "../mail/reply.ts";
import { signStandardWebhook, verifyStandardWebhook } from "../standardWebhooks/standardWebhooks.ts";
import { parseResend } from "./parse.ts";

/** Resend: what became of sent mail. It signs as Standard Webhooks does, under the header names of Svix. */
const settings = z.object({ ...mailSettings.shape, ...replySettings.shape });

export const resend: Connector<MailSettings & ReplySettings> = {
  name: "resend",
  title: "Resend webhooks",
  kind: "email",
  settings,
  secret: { label: "Signing secret", origin: "provider", where: "the webhook's page in Resend: whsec_…" },
  setup: (address) => [
    "In Resend open Webhooks and add a webhook.",
    `Endpoint URL: ${address}`,
    "Choose email.delivered, opened, clicked, bounced, complained, failed, suppressed and received (replies), and contact.updated.",
    "Copy the signing secret of the webhook into this source.",
  ],
  verify: verifyStandardWebhook,
  parse: parseResend,
  sample(address, context) {
    const at = context.receivedAt.toISOString();
    const body = Buffer.from(
      JSON.stringify({
        type: "email.delivered",
        created_at: at,
        data: {
          email_id: randomUUID(),
          created_at: at,
          from: "Keypulse <wiring-test@keypulse.example>",
          to: ["wiring-test@keypulse.example"],
          subject: "Wiring test",
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
        "svix-id": id,
        "svix-timestamp": timestamp,
        "svix-signature": signStandardWebhook(context.secrets[0]!, id, timestamp, body),
      },
      body,
    };
  },
};
