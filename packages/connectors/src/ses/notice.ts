import type { EventType } from "@keypulse/contracts";
import { z } from "zod";
import type { Outcome } from "../connector.ts";
import { eventId, noMeaning, present, readAs } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { isMachineAgent } from "../mail/machineOpen.ts";
import { bareMessageId } from "../mail/mailbox.ts";
import { mailEvent } from "../mail/mailEvent.ts";
import { optionalObject, optionalText, requiredText, zonedInstant } from "../shapes.ts";
import type { SesSettings } from "./ses.ts";

/** Parts of a notice by its type; only the part that belongs to the type is there, and is read by its own shape. */
export const noticeSchema = z.looseObject({
  /** Event publishing says `eventType`, feedback notifications `notificationType`. */
  eventType: optionalText,
  notificationType: optionalText,
  mail: optionalObject,
});
export type Notice = z.infer<typeof noticeSchema>;

const mailSchema = z.looseObject({
  messageId: requiredText,
  timestamp: zonedInstant,
  destination: z.array(z.string()).default([]),
  commonHeaders: optionalObject,
  tags: optionalObject,
});
const addresses = z.array(z.looseObject({ emailAddress: requiredText, diagnosticCode: optionalText }));
const bounceSchema = z.looseObject({
  timestamp: zonedInstant,
  bounceType: optionalText,
  bounceSubType: optionalText,
  bouncedRecipients: addresses,
});
const complaintSchema = z.looseObject({
  timestamp: zonedInstant,
  complaintFeedbackType: optionalText,
  complainedRecipients: addresses,
});
const deliverySchema = z.looseObject({ timestamp: zonedInstant, recipients: z.array(z.string()) });
const openSchema = z.looseObject({ timestamp: zonedInstant, userAgent: optionalText });
const clickSchema = z.looseObject({ timestamp: zonedInstant, userAgent: optionalText, link: requiredText });
const subscriptionSchema = z.looseObject({
  timestamp: zonedInstant,
  newTopicPreferences: optionalObject,
  oldTopicPreferences: optionalObject,
});

/** What a notice says, before it is told for each of its recipients. */
interface Told {
  type: EventType;
  at?: string;
  recipients?: string[];
  reason?: string | undefined;
  /** Where each recipient has a reason of its own. */
  reasons?: ReadonlyMap<string, string>;
  link?: string;
  userAgent?: string | undefined;
  other?: Record<string, unknown>;
}

type Mapping = (notice: Notice, messageId: string, settings: SesSettings) => Outcome;

/** Reads the mail and, by its shape, the part that the type is about. */
function told<T>(part: string, schema: z.ZodType<T>, tell: (read: T) => Told | Outcome): Mapping {
  return (notice, messageId, settings) =>
    readAs(mailSchema, notice.mail, (mail) =>
      readAs(schema, notice[part], (read) => {
        const said = tell(read);
        if (!("type" in said)) return said;
        const recipients = said.recipients ?? mail.destination;
        if (recipients.length === 0) return { fault: "mail.destination: names no recipient" };
        const engaged = said.type === "email.opened" || said.type === "email.clicked";
        if (engaged && recipients.length > 1) {
          return noMeaning(`the mail went to ${recipients.length} recipients, and SES doesn't say whose act it was`);
        }
        const custom = Object.fromEntries(
          Object.entries(mail.tags).map(([name, values]) => [name, Array.isArray(values) ? values[0] : values]),
        );
        const events = recipients.map((recipient) =>
          mailEvent(
            {
              id: eventId(messageId, recipient),
              type: said.type,
              at: said.at ?? mail.timestamp,
              recipient,
              custom,
              messageId: mail.messageId,
              mimeMessageId: bareMessageId(asText(mail.commonHeaders.messageId)),
              subject: asText(mail.commonHeaders.subject),
              campaign: asText(custom.campaign),
              reason: said.reasons?.get(recipient) ?? said.reason,
              link: said.link,
              userAgent: said.userAgent,
              machine: engaged && isMachineAgent(said.userAgent),
              ...(said.other === undefined ? {} : { other: said.other }),
            },
            settings,
          ),
        );
        return { events };
      }),
    );
}

/** Types of notices about sent mail. */
export const sentMail = new Map<string, Mapping>(
  Object.entries({
    Delivery: told("delivery", deliverySchema, ({ timestamp, recipients }) => ({
      type: "email.delivered",
      at: timestamp,
      recipients,
    })),
    Bounce: told("bounce", bounceSchema, (bounce) => ({
      // SES itself held the mail back from an address on a suppression list.
      type: /^(OnAccount)?Suppress/.test(bounce.bounceSubType ?? "") ? "email.dropped" : "email.bounced",
      at: bounce.timestamp,
      recipients: bounce.bouncedRecipients.map(({ emailAddress }) => emailAddress),
      reason: bounce.bounceSubType,
      reasons: new Map(
        bounce.bouncedRecipients.flatMap(({ emailAddress, diagnosticCode }) =>
          diagnosticCode === undefined ? [] : [[emailAddress, diagnosticCode]],
        ),
      ),
      other: present({ bounce_type: bounce.bounceType, bounce_subtype: bounce.bounceSubType }),
    })),
    Complaint: told("complaint", complaintSchema, (complaint) =>
      complaint.complaintFeedbackType === "not-spam"
        ? noMeaning("the recipient says that it is no spam")
        : {
            type: "email.complained",
            at: complaint.timestamp,
            recipients: complaint.complainedRecipients.map(({ emailAddress }) => emailAddress),
            reason: complaint.complaintFeedbackType,
            // Most mailbox providers hide who complained: SES then lists everybody at that domain.
            other: present({ uncertain: complaint.complainedRecipients.length > 1 ? true : undefined }),
          },
    ),
    Open: told("open", openSchema, ({ timestamp, userAgent }) => ({ type: "email.opened", at: timestamp, userAgent })),
    Click: told("click", clickSchema, ({ timestamp, userAgent, link }) => ({
      type: "email.clicked",
      at: timestamp,
      userAgent,
      link,
    })),
    Reject: told("reject", z.looseObject({ reason: optionalText }), ({ reason }) => ({
      type: "email.dropped",
      reason,
    })),
    "Rendering Failure": told("failure", z.looseObject({ errorMessage: optionalText }), ({ errorMessage }) => ({
      type: "email.dropped",
      reason: errorMessage,
    })),
    Subscription: told("subscription", subscriptionSchema, (change) =>
      optedOut(change.newTopicPreferences) > optedOut(change.oldTopicPreferences)
        ? { type: "email.unsubscribed", at: change.timestamp }
        : noMeaning("a change of preferences that is no opt-out"),
    ),
  }),
);

/** How many topics the recipient left; all of them count most. */
function optedOut(preferences: Record<string, unknown>): number {
  if (preferences.unsubscribeAll === true) return Number.POSITIVE_INFINITY;
  const topics = Array.isArray(preferences.topicSubscriptionStatus) ? preferences.topicSubscriptionStatus : [];
  return topics.filter((topic) => /^OPT_?OUT$/i.test(asText(asObject(topic).subscriptionStatus) ?? "")).length;
}
