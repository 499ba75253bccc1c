import type { EventType } from "@keypulse/contracts";
import { z } from "zod";
import type { ConnectorContext, Outcome, ParsedElement, ProviderRequest } from "../connector.ts";
import { event, eventId, noMeaning, present, readAs, unknownType } from "../elements.ts";
import { asObject, asText, parseJson } from "../json.ts";
import { isMachineAgent } from "../mail/machineOpen.ts";
import { bareMessageId } from "../mail/mailbox.ts";
import { type MailSettings, mailEvent } from "../mail/mailEvent.ts";
import { mailDate, type ReplySettings, readReply } from "../mail/reply.ts";
import { anything, optionalObject, optionalText, requiredText, zonedInstant } from "../shapes.ts";

const types = new Map<string, EventType>([
  ["email.delivered", "email.delivered"],
  ["email.opened", "email.opened"],
  ["email.clicked", "email.clicked"],
  ["email.complained", "email.complained"],
  ["email.bounced", "email.bounced"],
  ["email.suppressed", "email.dropped"],
  ["email.failed", "email.dropped"],
]);
const withoutMeaning =
  /^(email\.(sent|scheduled|delivery_delayed)|contact\.(created|deleted)|suppression\..*|domain\..*)$/;

const envelope = z.looseObject({ type: requiredText, created_at: zonedInstant, data: optionalObject });
const mailShape = z.looseObject({
  email_id: requiredText,
  message_id: optionalText,
  to: z.array(z.string()).min(1, "names no recipient"),
  subject: optionalText,
  broadcast_id: optionalText,
  tags: anything,
  bounce: optionalObject,
  click: optionalObject,
  open: optionalObject,
  failed: optionalObject,
  suppressed: optionalObject,
});
const receivedShape = z.looseObject({
  email_id: requiredText,
  from: requiredText,
  to: z.array(z.string()).default([]),
  subject: optionalText,
  message_id: optionalText,
  created_at: optionalText,
});
const contactShape = z.looseObject({ id: requiredText, email: requiredText, unsubscribed: z.boolean() });

/** One event; what is about a domain or a suppression list says nothing about a client. */
export function parseResend(
  request: ProviderRequest,
  context: ConnectorContext<MailSettings & ReplySettings>,
): ParsedElement[] {
  const given = request.headers["svix-id"] ?? request.headers["webhook-id"];
  const outcome = readAs(envelope, parseJson(request.body), ({ type, created_at, data }) => {
    if (type === "email.received") return mapReceived(data, created_at, context);
    if (type === "contact.updated") return mapContact(data, created_at, context.settings);
    if (withoutMeaning.test(type)) return noMeaning(`${type} says nothing about a client`);
    const ours = types.get(type);
    if (ours === undefined) return unknownType(type);
    const idOf = (mail: string) => (given ? eventId(given) : eventId(type, mail, created_at));
    return mapMail(data, ours, created_at, idOf, context.settings);
  });
  return [{ raw: request.body, ...outcome }];
}

function mapMail(
  data: Record<string, unknown>,
  type: EventType,
  at: string,
  idOf: (mail: string) => string,
  settings: MailSettings,
): Outcome {
  return readAs(mailShape, data, (mail) => {
    const [recipient] = mail.to;
    if (recipient === undefined || mail.to.length > 1) {
      return noMeaning(`the mail went to ${mail.to.length} recipients, and Resend doesn't say whose event it is`);
    }
    // Resend itself held the mail back from an address on its suppression list.
    const told = type === "email.bounced" && asText(mail.bounce.subType) === "Suppressed" ? "email.dropped" : type;
    const link = asText(mail.click.link);
    if (type === "email.clicked" && link === undefined) return { fault: "data.click.link: is missing" };
    const userAgent = asText(mail.click.userAgent) ?? asText(mail.open.userAgent);
    return event(
      mailEvent(
        {
          id: idOf(mail.email_id),
          type: told,
          at,
          recipient,
          custom: tagsOf(mail.tags),
          messageId: mail.email_id,
          mimeMessageId: bareMessageId(mail.message_id),
          subject: mail.subject,
          campaign: mail.broadcast_id,
          reason: asText(mail.bounce.message) ?? asText(mail.failed.reason) ?? asText(mail.suppressed.message),
          link: type === "email.clicked" ? link : undefined,
          userAgent,
          machine: isMachineAgent(userAgent),
          other: present({ bounce_type: asText(mail.bounce.type), bounce_subtype: asText(mail.bounce.subType) }),
        },
        settings,
      ),
    );
  });
}

/** How mail programs begin the subject of an answer, by language. */
const answering = /^(re|aw|antw|odp|sv|vs|r\u00e9f|rif|res|ha|\u043e\u0442\u0432)(\[\d+\])?\s*:/i;

/**
 * One incoming mail. Resend's webhook has neither text nor headers: a subject that begins as answers do, or an address with
 * our token, is what tells an answer from a new mail; machines' answers can't be told by it.
 */
function mapReceived(
  data: Record<string, unknown>,
  at: string,
  { settings, receivedAt }: ConnectorContext<MailSettings & ReplySettings>,
): Outcome {
  return readAs(receivedShape, data, (mail) =>
    readReply(
      {
        id: eventId("reply", mail.email_id),
        at: mailDate(mail.created_at ?? at, receivedAt),
        ...{ from: mail.from, to: mail.to, subject: mail.subject, messageId: mail.message_id },
        ...(answering.test(mail.subject ?? "") ? { token: "" } : {}),
        headers: [],
      },
      settings,
    ),
  );
}

/** `{name: value}`; the sending API takes pairs `{name, value}`, which some payloads repeat. */
function tagsOf(tags: unknown): Record<string, unknown> {
  if (!Array.isArray(tags)) return asObject(tags);
  return Object.fromEntries(tags.map((tag) => [asText(asObject(tag).name) ?? "", asObject(tag).value]));
}

/**
 * Any change of a contact who is unsubscribed comes with `unsubscribed: true`. The id is the contact's, so that only
 * the first of them counts and a corrected name is not taken for another act of the contact.
 */
function mapContact(data: Record<string, unknown>, at: string, settings: MailSettings): Outcome {
  return readAs(contactShape, data, (contact) => {
    if (!contact.unsubscribed) return noMeaning("the contact is subscribed");
    const id = eventId("contact", contact.id, "unsubscribed");
    return event(mailEvent({ id, type: "email.unsubscribed", at, recipient: contact.email }, settings));
  });
}
