import { createHash } from "node:crypto";
import type { EventType } from "@keypulse/contracts";
import { z } from "zod";
import {
  type ConnectorContext,
  MalformedBody,
  type Outcome,
  type ParsedElement,
  type ProviderRequest,
} from "../connector.ts";
import { batchElement, event, noMeaning, present, readAs, unknownType } from "../elements.ts";
import { asText, parseJson } from "../json.ts";
import { isMachineAgent } from "../mail/machineOpen.ts";
import { bareMessageId } from "../mail/mailbox.ts";
import { type MailSettings, mailEvent } from "../mail/mailEvent.ts";
import { anything, optionalText, requiredText, unixSeconds } from "../shapes.ts";

const types = new Map<string, EventType>(
  Object.entries({
    delivered: "email.delivered",
    open: "email.opened",
    click: "email.clicked",
    bounce: "email.bounced",
    dropped: "email.dropped",
    spamreport: "email.complained",
    unsubscribe: "email.unsubscribed",
    group_unsubscribe: "email.unsubscribed",
  }),
);
const withoutMeaning = new Set(["processed", "deferred", "group_resubscribe"]);

/** "Test Your Integration" sends events of all types from this address. */
const testAddress = "example@test.com";

const typed = z.looseObject({ event: requiredText, email: requiredText });
const shape = z.looseObject({
  event: requiredText,
  email: requiredText,
  timestamp: unixSeconds,
  sg_event_id: optionalText,
  sg_message_id: optionalText,
  "smtp-id": optionalText,
  category: anything,
  marketing_campaign_name: optionalText,
  reason: optionalText,
  type: optionalText,
  url: optionalText,
  useragent: optionalText,
  sg_machine_open: anything,
});

/** A batch mixes events of many mails; each element stands alone. */
export function parseSendGrid(request: ProviderRequest, context: ConnectorContext<MailSettings>): ParsedElement[] {
  const batch = parseJson(request.body);
  if (!Array.isArray(batch)) throw new MalformedBody("the body must be a JSON array of events");
  return batch.map((element: unknown) => batchElement(element, map(element, context.settings)));
}

function map(element: unknown, settings: MailSettings): Outcome {
  return readAs(typed, element, (known) => {
    const type = types.get(known.event);
    if (withoutMeaning.has(known.event)) return noMeaning(`${known.event} says nothing about the recipient`);
    if (type === undefined) return unknownType(known.event);
    if (known.email === testAddress) return { unused: "test", detail: "sent by Test Your Integration" };
    return readAs(shape, element, (sent) => {
      if (type === "email.clicked" && sent.url === undefined) return { fault: "url: is missing" };
      const engaged = type === "email.opened" || type === "email.clicked";
      return event(
        mailEvent(
          {
            id: sent.sg_event_id ?? hashedId(element as Record<string, unknown>),
            type,
            at: sent.timestamp,
            recipient: sent.email,
            custom: sent,
            messageId: sent.sg_message_id,
            mimeMessageId: bareMessageId(sent["smtp-id"]),
            campaign: sent.marketing_campaign_name ?? firstText(sent.category),
            reason: sent.reason,
            link: type === "email.clicked" ? sent.url : undefined,
            userAgent: sent.useragent,
            machine: engaged && (sent.sg_machine_open === true || isMachineAgent(sent.useragent)),
            // A refusal for now (`blocked`: reputation, a full mailbox) is told from one for good (`bounce`).
            other: present({ bounce_type: type === "email.bounced" ? sent.type : undefined }),
          },
          settings,
        ),
      );
    });
  });
}

/** `category` is a text or an array of them. */
const firstText = (value: unknown): string | undefined => asText(Array.isArray(value) ? value[0] : value);

/** For events that come without an id: everything by which two of them differ. */
function hashedId(element: Record<string, unknown>): string {
  const parts = ["email", "event", "timestamp", "sg_message_id", "url"].map((name) => asText(element[name]) ?? "");
  return createHash("sha256").update(parts.join("")).digest("hex");
}
