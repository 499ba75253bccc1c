import type { EventType } from "@keypulse/contracts";
import { z } from "zod";
import type { ConnectorContext, Outcome, ParsedElement, ProviderRequest } from "../connector.ts";
import { event, eventId, noMeaning, present, readAs, unknownType } from "../elements.ts";
import { asObject, parseJson } from "../json.ts";
import { isMachineAgent } from "../mail/machineOpen.ts";
import { mailEvent } from "../mail/mailEvent.ts";
import { optionalFlag, optionalObject, optionalText, requiredText, zonedInstant } from "../shapes.ts";
import { readInbound } from "./inbound.ts";
import { bounceTypes, refusedByFilter } from "./outcomes.ts";
import type { PostmarkSettings } from "./postmark.ts";

/** Each record names its recipient and its time differently. */
const records = new Map<string, { recipient: string; at: string }>(
  Object.entries({
    Delivery: { recipient: "Recipient", at: "DeliveredAt" },
    Open: { recipient: "Recipient", at: "ReceivedAt" },
    Click: { recipient: "Recipient", at: "ReceivedAt" },
    Bounce: { recipient: "Email", at: "BouncedAt" },
    SpamComplaint: { recipient: "Email", at: "BouncedAt" },
    SubscriptionChange: { recipient: "Recipient", at: "ChangedAt" },
  }),
);

const shape = z.looseObject({
  recipient: requiredText,
  at: zonedInstant,
  MessageID: requiredText,
  ID: optionalText,
  Type: optionalText,
  Tag: optionalText,
  Metadata: optionalObject,
  Subject: optionalText,
  Description: optionalText,
  Details: optionalText,
  UserAgent: optionalText,
  OriginalLink: optionalText,
  SuppressSending: optionalFlag,
  SuppressionReason: optionalText,
  Origin: optionalText,
});
type PostmarkRecord = z.infer<typeof shape>;

/** One record of what became of a mail, or one incoming mail, which has no RecordType. */
export function parsePostmark(request: ProviderRequest, context: ConnectorContext<PostmarkSettings>): ParsedElement[] {
  const body = asObject(parseJson(request.body));
  const outcome = "RecordType" in body ? mapRecord(body, request, context.settings) : readInbound(body, context);
  return [{ raw: request.body, ...outcome }];
}

function mapRecord(body: Record<string, unknown>, request: ProviderRequest, settings: PostmarkSettings): Outcome {
  const name = String(body.RecordType);
  const names = records.get(name);
  if (names === undefined) return unknownType(name);
  const named = { ...body, recipient: body[names.recipient], at: body[names.at] };
  return readAs(shape, named, (record) => {
    if (isTest(record)) return { unused: "test", detail: "sent by Postmark's own test button" };
    const type = typeOf(name, record);
    if (typeof type !== "string") return type;
    if (type === "email.clicked" && record.OriginalLink === undefined) return { fault: "OriginalLink: is missing" };
    return event(
      mailEvent(
        {
          id: recordId(name, record, request),
          type,
          at: record.at,
          recipient: record.recipient,
          custom: record.Metadata,
          messageId: record.MessageID,
          subject: record.Subject,
          campaign: record.Tag,
          reason: type === "email.delivered" ? undefined : (record.Description ?? record.Details),
          link: type === "email.clicked" ? record.OriginalLink : undefined,
          userAgent: record.UserAgent,
          machine: (type === "email.opened" || type === "email.clicked") && isMachineAgent(record.UserAgent),
          other: name === "Bounce" ? bounceOf(record.Type) : {},
        },
        settings,
      ),
    );
  });
}

/** The receiver's filter refused this mail, not the address: what is refused for now is told from what is for good. */
const bounceOf = (type: string | undefined): Record<string, string> =>
  present(refusedByFilter.has(type ?? "") ? { bounce_type: "blocked", bounce_subtype: type } : { bounce_type: type });

function typeOf(
  name: string,
  { Type, SuppressSending, SuppressionReason, Origin }: PostmarkRecord,
): EventType | Outcome {
  switch (name) {
    case "Delivery":
      return "email.delivered";
    case "Open":
      return "email.opened";
    case "Click":
      return "email.clicked";
    case "SpamComplaint":
      return "email.complained";
    case "Bounce":
      return (
        bounceTypes.get(Type ?? "") ?? noMeaning(`a Bounce of type ${(Type ?? "none").slice(0, 80)} is no refusal`)
      );
    default:
      // A suppression after a bounce or complaint was told by its own record already; one of Customer or Admin is ours.
      return SuppressSending === true &&
        SuppressionReason === "ManualSuppression" &&
        (Origin ?? "Recipient") === "Recipient"
        ? "email.unsubscribed"
        : noMeaning("a change of subscription that the recipient did not ask for, or a return");
  }
}

/** Postmark tests a webhook with a message id of zeros, or of its documentation, and a recipient of its own examples. */
const isTest = ({ MessageID, recipient }: PostmarkRecord): boolean =>
  /^[0-]+$/.test(MessageID) || (testMessageIds.has(MessageID) && /@(example|wildbit)\.com$/i.test(recipient));
const testMessageIds = new Set(["883953f4-6105-42a2-a16a-77a8eac79483"]);

/** Postmark's trace is the same on all retries; where there is none, all by which two records differ. */
function recordId(name: string, record: PostmarkRecord, request: ProviderRequest): string {
  const trace = request.headers["x-pm-webhook-trace-id"];
  if (trace) return eventId(trace);
  if (record.ID !== undefined && (name === "Bounce" || name === "SpamComplaint")) return eventId(name, record.ID);
  return eventId(
    name,
    record.MessageID,
    record.recipient,
    record.at,
    ...(record.OriginalLink ? [record.OriginalLink] : []),
  );
}
