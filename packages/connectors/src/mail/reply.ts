import { z } from "zod";
import type { Outcome } from "../connector.ts";
import { event, noMeaning, present } from "../elements.ts";
import { bareMessageId, mailboxAddress } from "./mailbox.ts";

/** Settings of connectors that also take incoming mail. */
export const replySettings = z.object({
  /** Whether a mail that answers none counts as a reply too; off, because anybody may write to a public address. */
  new_mail: z.boolean().default(false),
});
export type ReplySettings = z.infer<typeof replySettings>;

/** A mail that reached us through a provider. */
export interface IncomingMail {
  id: string;
  at: string;
  /** The author's mailbox, with or without name. */
  from: string;
  /** Addresses that it was sent to. */
  to: string[];
  /** What followed a plus in the address, where the provider cuts it out. */
  token?: string | undefined;
  subject: string | undefined;
  messageId: string | undefined;
  /** Names and values in their order; a name may come twice. */
  headers: [name: string, value: string][];
}

const replyAddress = /^reply\+[^@]+@/i;

/** When a mail says it was written; senders' clocks are wrong at times, so what lies ahead is the time of arrival. */
export function mailDate(date: string | undefined, receivedAt: Date): string {
  const written = Date.parse(date ?? "");
  return new Date(written > 0 && written <= receivedAt.getTime() ? written : receivedAt).toISOString();
}

/**
 * `email.replied` for a mail in which a person answers ours: it quotes a Message-ID (In-Reply-To or References) or was
 * sent to an address with our token (`reply+…@`). No text of the mail is kept.
 */
export function readReply(mail: IncomingMail, settings: ReplySettings): Outcome {
  const header = (name: string) => mail.headers.find(([given]) => given.toLowerCase() === name)?.[1].trim();
  const automatic = automaticBecause(header);
  if (automatic !== undefined) return noMeaning(`an automatic answer: ${automatic}`);
  if (/^yes/i.test(header("x-spam-status") ?? header("x-mailgun-sflag") ?? "")) return noMeaning("marked as spam");
  const quoted = header("in-reply-to") || header("references")?.split(/\s+/).at(-1);
  const tokened = mail.token !== undefined || mail.to.some((address) => replyAddress.test(mailboxAddress(address)));
  if (!quoted && !tokened && !settings.new_mail) return noMeaning("a new mail that answers none of ours");
  return event({
    id: mail.id,
    type: "email.replied",
    occurred_at: mail.at,
    identifiers: { email: mailboxAddress(mail.from) },
    properties: present({
      message_id: bareMessageId(mail.messageId)?.slice(0, 512),
      subject: mail.subject?.slice(0, 512),
      in_reply_to: bareMessageId(quoted),
    }),
  });
}

/**
 * Headers by which machines mark their answers: RFC 3834 (Auto-Submitted) and what came before it. No proof are headers
 * that ask others for no automatic answer (X-Auto-Response-Suppress, which Exchange adds to people's mail), and those of
 * lists, which pass on what people write.
 */
function automaticBecause(header: (name: string) => string | undefined): string | undefined {
  const submitted = header("auto-submitted");
  if (submitted && !/^no\b/i.test(submitted)) return "Auto-Submitted";
  for (const name of ["X-Autoreply", "X-Autorespond"]) if (header(name.toLowerCase())) return name;
  const precedence = header("precedence") ?? "";
  const isListed = ["list-id", "list-post", "list-unsubscribe"].some((name) => header(name) !== undefined);
  if (/^auto_reply$/i.test(precedence) || (/^(bulk|junk)$/i.test(precedence) && !isListed)) return "Precedence";
  // Reports about our own mail come from the empty address (RFC 5321, 4.5.5).
  return header("return-path") === "<>" ? "an empty Return-Path" : undefined;
}
