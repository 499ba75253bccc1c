import type { EventType } from "@keypulse/contracts";
import { z } from "zod";
import type { ConnectorContext, Outcome, ParsedElement, ProviderRequest } from "../connector.ts";
import { event, eventId, noMeaning, present, readAs, unknownType } from "../elements.ts";
import { formFields, isForm } from "../forms.ts";
import { asObject, asText, parseJson } from "../json.ts";
import { isMachineAgent } from "../mail/machineOpen.ts";
import { bareMessageId } from "../mail/mailbox.ts";
import { mailEvent } from "../mail/mailEvent.ts";
import { anything, optionalObject, optionalText, requiredText, unixSeconds } from "../shapes.ts";
import type { MailgunSettings } from "./mailgun.ts";
import { readRoute } from "./route.ts";

const types = new Map<string, EventType>(
  Object.entries({
    delivered: "email.delivered",
    opened: "email.opened",
    clicked: "email.clicked",
    complained: "email.complained",
    unsubscribed: "email.unsubscribed",
    rejected: "email.dropped",
  }),
);

const typed = z.looseObject({
  event: requiredText,
  severity: optionalText,
  reason: optionalText,
  flags: optionalObject,
});
const shape = z.looseObject({
  id: requiredText,
  timestamp: unixSeconds,
  recipient: requiredText,
  message: optionalObject,
  "user-variables": optionalObject,
  tags: anything,
  url: optionalText,
  "client-info": optionalObject,
  "delivery-status": optionalObject,
  reject: optionalObject,
});

/** One event of what became of a mail (JSON), or one incoming mail that a route forwards (a form). */
export function parseMailgun(request: ProviderRequest, context: ConnectorContext<MailgunSettings>): ParsedElement[] {
  const outcome = isForm(request)
    ? readRoute(formFields(request), context)
    : mapEvent(asObject(parseJson(request.body))["event-data"], context.settings);
  return [{ raw: request.body, ...outcome }];
}

/** The sample that Mailgun's test button sends goes to an address of the domain that is reserved for examples. */
const isTest = (data: unknown): boolean => /@example\.(com|net|org)$/i.test(asText(asObject(data).recipient) ?? "");

function mapEvent(data: unknown, settings: MailgunSettings): Outcome {
  return readAs(typed, data, ({ event: name, severity, reason, flags }) => {
    if (flags["is-test-mode"] === true) return { unused: "test", detail: "sent in Mailgun's test mode" };
    if (isTest(data)) return { unused: "test", detail: "sent by Mailgun's own test button" };
    if (name === "accepted" || name === "stored") return noMeaning(`${name} says nothing about the recipient`);
    if (name === "failed" && severity !== "permanent") return noMeaning("failed for now; Mailgun tries again");
    // Mailgun didn't even try to send to an address on its suppression lists.
    const failure = reason?.startsWith("suppress-") ? "email.dropped" : "email.bounced";
    const type = name === "failed" ? failure : types.get(name);
    if (type === undefined) return unknownType(name);
    return readAs(shape, data, (mail) => {
      if (type === "email.clicked" && mail.url === undefined) return { fault: "url: is missing" };
      const headers = asObject(mail.message.headers);
      const userAgent = asText(mail["client-info"]["user-agent"]);
      const status = mail["delivery-status"];
      const statusText = asText(status.message) ?? asText(status.description);
      return event(
        mailEvent(
          {
            // Mailgun's ids are unique within a day only.
            id: eventId(mail.id, mail.timestamp.slice(0, 10)),
            type,
            at: mail.timestamp,
            recipient: mail.recipient,
            custom: mail["user-variables"],
            messageId: bareMessageId(asText(headers["message-id"])),
            mimeMessageId: bareMessageId(asText(headers["message-id"])),
            subject: asText(headers.subject),
            campaign: Array.isArray(mail.tags) ? asText(mail.tags[0]) : undefined,
            reason: statusText ?? asText(mail.reject.reason) ?? reason,
            link: type === "email.clicked" ? mail.url : undefined,
            userAgent,
            machine: (type === "email.opened" || type === "email.clicked") && isMachineAgent(userAgent),
            other: present({ bounce_type: name === "failed" ? reason : undefined, status: asText(status.code) }),
          },
          settings,
        ),
      );
    });
  });
}
