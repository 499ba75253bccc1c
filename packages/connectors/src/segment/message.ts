import { createHash } from "node:crypto";
import type { Identifiers } from "@keypulse/contracts";
import type { MappedEvent, Outcome, ParsedElement } from "../connector.ts";
import { unknownType } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, neededText, readOutcome } from "../members.ts";
import { type SegmentType, segmentLimits, segmentTypes } from "./body.ts";
import { occurredAt } from "./clock.ts";
import { keepsSentAt, makesAnonymousIds } from "./libraries.ts";
import { pageViewed } from "./page.ts";
import type { SegmentSourceSettings } from "./sourceSettings.ts";
import { storeMessage } from "./stored.ts";
import { tracked } from "./track.ts";
import { normaliseTraits, textTrait, withFullName } from "./traits.ts";

/** What is known of the request that brought a message. */
export interface SegmentRequest {
  receivedAt: Date;
  /** By the clock of the sender, of the batch as a whole; a message that came alone says it itself. */
  sentAt?: unknown;
  /** The batch's context, which each message's own goes before. */
  batchContext?: unknown;
  settings: SegmentSourceSettings;
  /** Whether messages are to be held against the limit of one: a batch may hold one that is over it. */
  mayBeTooLarge?: boolean | undefined;
  /** Makes an id for a message without one, whose retries then can't be told from it. */
  newId(): string;
}

/** One message with what all types have in common already read. */
export interface SegmentMessage {
  id: string;
  at: string;
  fields: Fields;
  context: Fields;
  identifiers: Identifiers;
  settings: SegmentSourceSettings;
}

const knownTypes: ReadonlySet<string> = new Set(segmentTypes);
const longestIdentifier = 512;

/** The events of one Segment message. The raw element holds all that this depends on, so a replay gives the same. */
export function mapSegmentMessage(message: unknown, request: SegmentRequest): ParsedElement {
  const fields = asObject(message);
  const context = contextOf(fields, request.batchContext);
  const sentAt = request.sentAt ?? fields.sentAt;
  const id = asText(fields.messageId) ?? request.newId();
  const outcome = readOutcome(() => {
    if (fields !== message) throw new ElementFault("the message is not a JSON object");
    if (request.mayBeTooLarge && Buffer.byteLength(JSON.stringify(message)) > segmentLimits.messageBytes) {
      throw new ElementFault(`the message has more than ${segmentLimits.messageBytes} bytes`);
    }
    const type = neededText(fields, "type");
    if (!knownTypes.has(type)) return unknownType(type);
    const at = occurredAt(
      fields.timestamp ?? fields.originalTimestamp,
      keepsSentAt(context) ? undefined : sentAt,
      request.receivedAt,
    );
    if (at === undefined) throw new ElementFault("timestamp: is not an ISO 8601 time");
    return readMessage(type as SegmentType, fields, context, { id: eventIdOf(id), at, settings: request.settings });
  });
  return {
    get raw() {
      return storeMessage({ message, id, context, sentAt, receivedAt: request.receivedAt });
    },
    ...outcome,
  };
}

function readMessage(
  type: SegmentType,
  fields: Fields,
  context: Fields,
  read: Pick<SegmentMessage, "id" | "at" | "settings">,
): Outcome {
  const traits =
    type === "identify" || type === "group" ? normaliseTraits(saidTraits(type, fields, context)) : undefined;
  const identifiers = peopleOf(type, fields, context, traits);
  const message: SegmentMessage = { ...read, fields, context, identifiers };
  switch (type) {
    case "track":
      return { events: tracked(message) };
    case "page":
    case "screen":
      return { events: [pageViewed(message, type)] };
    case "identify":
      return { events: [said(message, type, withFullName(traits!))] };
    case "group":
      return { events: [said(message, type, traits!)] };
    case "alias":
      return { events: [aliased(message)] };
  }
}

/** Some libraries put what they say of a person into the context alone. */
function saidTraits(type: SegmentType, fields: Fields, context: Fields): Fields {
  const own = asObject(fields.traits);
  return type === "identify" && Object.keys(own).length === 0 ? asObject(context.traits) : own;
}

/** What is known of a contact or a client. */
function said(message: SegmentMessage, type: "identify" | "group", traits: Fields): MappedEvent {
  const { id, at: occurred_at, identifiers } = message;
  const event: MappedEvent = { id, type, occurred_at, identifiers, properties: {} };
  return Object.keys(traits).length === 0 ? event : { ...event, traits };
}

/**
 * The previous id is a user's or a visitor's, and the message doesn't say which: it is linked as both, unless it is
 * known as the visitor's. Source: Segment specification, "Alias".
 */
function aliased({ id, at: occurred_at, fields, identifiers }: SegmentMessage): MappedEvent {
  const previousId = neededText(fields, "previousId");
  const isVisitor = previousId === identifiers.anonymous_id;
  const previous = isVisitor ? { anonymous_id: previousId } : { user_id: previousId, anonymous_id: previousId };
  return { id, type: "alias", occurred_at, identifiers, properties: { previous } };
}

/** @throws ElementFault by Segment's own name for it where nobody is named */
function peopleOf(type: SegmentType, fields: Fields, context: Fields, traits: Fields | undefined): Identifiers {
  const [userId, anonymousId] = [asText(fields.userId), asText(fields.anonymousId)];
  if (userId === undefined && anonymousId === undefined) {
    throw new ElementFault("no_user_anon_id: neither userId nor anonymousId is there");
  }
  // A group's traits are the company's: its phone is not the person's.
  const own = type === "identify" ? traits! : {};
  const remembered = asObject(context.traits);
  const account = type === "group" ? neededText(fields, "groupId") : asText(context.groupId);
  const email = traitIdentifier("email", own, remembered);
  const phone = traitIdentifier("phone", own, remembered);
  const identifiers: Identifiers = {};
  if (account !== undefined) identifiers.account_id = account;
  if (userId !== undefined) identifiers.user_id = userId;
  if (email !== undefined) identifiers.email = email;
  if (phone !== undefined) identifiers.phone = phone;
  if (anonymousId !== undefined && !(userId !== undefined && makesAnonymousIds(context))) {
    identifiers.anonymous_id = anonymousId;
  }
  return identifiers;
}

/** What the message says itself goes before what the library remembers, even where it clears it. */
function traitIdentifier(name: "email" | "phone", own: Fields, remembered: Fields): string | undefined {
  const value = name in own ? asText(own[name]) : textTrait(remembered, name);
  return value === undefined || value.length > longestIdentifier ? undefined : value;
}

function contextOf(fields: Fields, batchContext: unknown): Fields {
  const own = asObject(fields.context);
  return batchContext === undefined ? own : { ...asObject(batchContext), ...own };
}

/** Segment's limit; a longer id is as unique by its SHA-256. */
const eventIdOf = (id: string): string =>
  id.length <= segmentLimits.messageIdCharacters ? id : createHash("sha256").update(id).digest("hex");
