import type { IdentifierKind, Identifiers } from "@keypulse/contracts";

/**
 * Numbers that a shop or a payment provider gives whoever pays, as our connectors write them: `stripe:customer:cus_1`.
 * A guest gets a new one at each purchase, so that two of them are not two people. They are as weak as a browser's id:
 * they join what an address, a phone number or a login says, many to a person, and never keep it apart.
 */
const customerNumber = /^(?:stripe|shopify|woocommerce:[^:]+):customer:./;

/** The kind that an identifier has for us: a customer's number comes as a user id, and is none. */
export function kindFor(kind: IdentifierKind, value: string): IdentifierKind {
  return kind === "user_id" && customerNumber.test(value.trim()) ? "anonymous_id" : kind;
}

/** The identifiers by the kinds that they have for us. A browser's id beside a customer's number goes before it. */
export function byKindForUs(identifiers: Identifiers): Identifiers {
  const { user_id, ...others } = identifiers;
  if (user_id === undefined || kindFor("user_id", user_id) === "user_id") return identifiers;
  return others.anonymous_id === undefined ? { ...others, anonymous_id: user_id } : others;
}
