import { z } from "zod";
import { identifiersSchema } from "./identifiers.ts";
import {
  disputeProperties,
  invoiceProperties,
  orderCancelledProperties,
  orderPlacedProperties,
  orderRefundedProperties,
  orderStepProperties,
  orderUpdatedProperties,
  refundFailedProperties,
} from "./orders.ts";

export const eventKinds = ["email", "web", "call", "order"] as const;
export type EventKind = (typeof eventKinds)[number];

/** Identity events (identify, group, alias) ride on any of the four topics; their kind is "identity". */
export type RowKind = EventKind | "identity";

const text = z.string().max(4096, "must have at most 4096 characters");
const shortText = z.string().max(512, "must have at most 512 characters");
const seconds = z.number().int("must be whole seconds").min(0).max(172_800, "a call lasts at most 48 hours");

const mail = {
  message_id: shortText.optional(),
  subject: shortText.optional(),
  campaign: shortText.optional(),
  reason: text.optional(),
  machine: z.boolean().optional(),
};
const emailProperties = z.looseObject(mail);
const emailLinkProperties = z.looseObject({ ...mail, link: text });

const page = {
  url: text.optional(),
  title: shortText.optional(),
  referrer: text.optional(),
  campaign: shortText.optional(),
  machine: z.boolean().optional(),
};
const pageProperties = z.looseObject({ ...page, url: text });
const productProperties = z.looseObject({ ...page, sku: shortText, name: shortText.optional() });
const formProperties = z.looseObject({ ...page, form: shortText });
const customProperties = z.looseObject({ ...page, name: shortText });

const call = {
  call_id: shortText.optional(),
  direction: z.enum(["inbound", "outbound"]),
  outcome: shortText.optional(),
  agent: shortText.optional(),
};
const callProperties = z.looseObject({ ...call, duration_seconds: seconds.optional() });
const callCompletedProperties = z.looseObject({ ...call, duration_seconds: seconds });

const traitsOnly = z.looseObject({});
const aliasProperties = z.looseObject({ previous: identifiersSchema });

interface TypeDefinition {
  kind: RowKind;
  /** Whether the client did something, a sign of life; news about our own doings is not. */
  activity: boolean;
  properties: z.ZodObject;
  means: string;
}

/** The type vocabulary: what may happen, its typed properties and whether it counts as the client's activity. */
export const vocabulary = {
  "email.delivered": {
    kind: "email",
    activity: false,
    properties: emailProperties,
    means: "our mail reached the mailbox",
  },
  "email.opened": { kind: "email", activity: true, properties: emailProperties, means: "a person opened our mail" },
  "email.clicked": {
    kind: "email",
    activity: true,
    properties: emailLinkProperties,
    means: "a link in our mail was followed",
  },
  "email.replied": { kind: "email", activity: true, properties: emailProperties, means: "the client wrote to us" },
  "email.bounced": {
    kind: "email",
    activity: false,
    properties: emailProperties,
    means: "the mailbox refused our mail",
  },
  "email.dropped": {
    kind: "email",
    activity: false,
    properties: emailProperties,
    means: "the provider did not send our mail",
  },
  "email.complained": {
    kind: "email",
    activity: true,
    properties: emailProperties,
    means: "our mail was reported as spam",
  },
  "email.unsubscribed": {
    kind: "email",
    activity: true,
    properties: emailProperties,
    means: "the client wants no more of it",
  },
  "web.page_viewed": { kind: "web", activity: true, properties: pageProperties, means: "a page was looked at" },
  "web.product_viewed": {
    kind: "web",
    activity: true,
    properties: productProperties,
    means: "a product was looked at",
  },
  "web.form_submitted": { kind: "web", activity: true, properties: formProperties, means: "a form was sent" },
  "web.custom": { kind: "web", activity: true, properties: customProperties, means: "anything else, by name" },
  "call.started": { kind: "call", activity: false, properties: callProperties, means: "a phone rings" },
  "call.completed": {
    kind: "call",
    activity: true,
    properties: callCompletedProperties,
    means: "somebody answered, and it ended",
  },
  "call.missed": { kind: "call", activity: false, properties: callProperties, means: "nobody answered" },
  "call.voicemail": { kind: "call", activity: true, properties: callProperties, means: "a message was left" },
  "call.message_received": {
    kind: "call",
    activity: true,
    properties: callProperties,
    means: "a text message of the client",
  },
  "order.placed": {
    kind: "order",
    activity: true,
    properties: orderPlacedProperties,
    means: "an order; adds to revenue",
  },
  "order.updated": {
    kind: "order",
    activity: false,
    properties: orderUpdatedProperties,
    means: "what the sender now says of an order, as of occurred_at; the latest word counts",
  },
  "order.paid": { kind: "order", activity: false, properties: orderStepProperties, means: "an order was paid" },
  "order.shipped": { kind: "order", activity: false, properties: orderStepProperties, means: "an order left us" },
  "order.cancelled": {
    kind: "order",
    activity: false,
    properties: orderCancelledProperties,
    means: "an order was cancelled, or a part of it of that amount; subtracts from revenue",
  },
  "order.refunded": {
    kind: "order",
    activity: false,
    properties: orderRefundedProperties,
    means: "goods came back or money was returned; subtracts from revenue",
  },
  "refund.failed": {
    kind: "order",
    activity: false,
    properties: refundFailedProperties,
    means: "a refund did not arrive: what it took away is given back",
  },
  "payment.disputed": {
    kind: "order",
    activity: false,
    properties: disputeProperties,
    means: "a payment is disputed; subtracts from revenue when the dispute is lost",
  },
  "invoice.issued": { kind: "order", activity: false, properties: invoiceProperties, means: "an invoice was written" },
  "invoice.paid": {
    kind: "order",
    activity: false,
    properties: invoiceProperties,
    means: "an invoice was paid, or a part of it where payment_id is given",
  },
  "invoice.overdue": {
    kind: "order",
    activity: false,
    properties: invoiceProperties,
    means: "an invoice is past its date",
  },
  "invoice.voided": {
    kind: "order",
    activity: false,
    properties: invoiceProperties,
    means: "an invoice was withdrawn: nothing is owed",
  },
  "invoice.uncollectible": {
    kind: "order",
    activity: false,
    properties: invoiceProperties,
    means: "an invoice was given up: nobody expects it to be paid",
  },
  "invoice.credited": {
    kind: "order",
    activity: false,
    properties: invoiceProperties,
    means: "a credit note took a part of an invoice away",
  },
  identify: {
    kind: "identity",
    activity: false,
    properties: traitsOnly,
    means: "what is known of a contact; links its identifiers",
  },
  group: {
    kind: "identity",
    activity: false,
    properties: traitsOnly,
    means: "what is known of a client; puts a contact into it",
  },
  alias: { kind: "identity", activity: false, properties: aliasProperties, means: "two identifiers are one contact" },
} as const satisfies Record<string, TypeDefinition>;

export type EventType = keyof typeof vocabulary;
export const eventTypes = Object.keys(vocabulary) as EventType[];

/** Types by their effect on revenue: +1 adds the amount, −1 takes it away. Others don't move revenue. */
export const revenueSign: Partial<Record<EventType, 1 | -1>> = {
  "order.placed": 1,
  "order.cancelled": -1,
  "order.refunded": -1,
};
