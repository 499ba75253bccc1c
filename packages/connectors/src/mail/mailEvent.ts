import type { EventType } from "@keypulse/contracts";
import { z } from "zod";
import type { MappedEvent } from "../connector.ts";
import { present } from "../elements.ts";
import { asText } from "../json.ts";
import { mailboxAddress } from "./mailbox.ts";

/** Settings of every connector for sent mail. */
export const mailSettings = z.object({
  /** Name of the custom argument, variable, metadata key or tag in which the sender passes its own user's id. */
  user_id_field: z.string().min(1).max(100).optional(),
});
export type MailSettings = z.infer<typeof mailSettings>;

/** What a provider says about one mail to one recipient. */
export interface MailEvent {
  id: string;
  type: EventType;
  at: string;
  recipient: string;
  /** The custom values that the sender attached to the mail. */
  custom?: Record<string, unknown>;
  /** The provider's id of the mail, the same on all its events. */
  messageId?: string | undefined;
  /** The Message-ID of the mail itself, which replies quote. */
  mimeMessageId?: string | undefined;
  subject?: string | undefined;
  campaign?: string | undefined;
  reason?: string | undefined;
  link?: string | undefined;
  userAgent?: string | undefined;
  machine?: boolean | undefined;
  /** Further properties by their own names. */
  other?: Record<string, unknown>;
}

/** The contract's event of what became of a mail. Texts of others are cut to what the contract allows. */
export function mailEvent(mail: MailEvent, settings: MailSettings): MappedEvent {
  const custom = settings.user_id_field === undefined ? undefined : mail.custom?.[settings.user_id_field];
  return {
    id: mail.id,
    type: mail.type,
    occurred_at: mail.at,
    identifiers: present({ email: mailboxAddress(mail.recipient), user_id: asText(custom) }),
    properties: present({
      message_id: mail.messageId?.slice(0, 512),
      mime_message_id: mail.mimeMessageId,
      subject: mail.subject?.slice(0, 512),
      campaign: mail.campaign?.slice(0, 512),
      reason: mail.reason?.slice(0, 4096),
      link: mail.link?.slice(0, 4096),
      user_agent: mail.userAgent?.slice(0, 1024),
      machine: mail.machine ? true : undefined,
      ...mail.other,
    }),
  };
}
