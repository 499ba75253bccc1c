import { z } from "zod";

/**
 * Identifier kinds that say *who*, strongest first. An event is stamped with the key of its strongest one.
 * `account_id` and `domain` name a client; the others name a contact (a person).
 */
export const identifierKinds = ["account_id", "crm_id", "user_id", "email", "phone", "anonymous_id", "domain"] as const;

export type IdentifierKind = (typeof identifierKinds)[number];

/** Kinds that name one person, strongest first. */
export const contactIdentifierKinds = ["crm_id", "user_id", "email", "phone", "anonymous_id"] as const;
export type ContactIdentifierKind = (typeof contactIdentifierKinds)[number];

const mostCharacters = 512;
const wrongIdentifier = `an identifier is a text of at most ${mostCharacters} characters or a whole number`;
const identifierValue = z.union([z.string().max(mostCharacters, wrongIdentifier), z.int().transform(String)], {
  error: wrongIdentifier,
});

/** Raw identifiers as the sender knows them; `@keypulse/identity` normalises them. Whole numbers become texts. */
export const identifiersSchema = z.strictObject({
  account_id: identifierValue.optional(),
  crm_id: identifierValue.optional(),
  user_id: identifierValue.optional(),
  email: identifierValue.optional(),
  phone: identifierValue.optional(),
  anonymous_id: identifierValue.optional(),
  domain: identifierValue.optional(),
});

export type Identifiers = z.infer<typeof identifiersSchema>;
