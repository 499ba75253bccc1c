import { type IdentifierKind, identifierKinds } from "@keypulse/contracts";

/**
 * Why two identifiers are spoken of together. Evidence comes from events:
 * - `seen`: an identifier alone (left = right)
 * - `same_event`, `alias`: two of one person, or two of one client
 * - `domain_of`: an account and the domain of one of its people's addresses
 * - `member_of`, `company_domain`: a person and the client it belongs to, by account or by domain of its address
 * - `address_at`: an address and its company's domain, where domains make no clients: it tells strangers apart
 *
 * Decisions come from people: `merge`, `unmerge` (must stay apart), `move` (belongs to a client from a time on), `leave`
 * (no longer does), `set_aside` and `release` (a value that names nobody, or does after all; left = right).
 */
export const linkRules = [
  "seen",
  "same_event",
  "alias",
  "domain_of",
  "member_of",
  "company_domain",
  "merge",
  "unmerge",
  "move",
  "leave",
  "set_aside",
  "release",
  // Redis knows rules by their number: new ones come last.
  "address_at",
] as const;
export type LinkRule = (typeof linkRules)[number];

/** An edge of the graph of identities. Keys are texts that sort as their bytes do. */
export interface Link {
  readonly left: string;
  readonly leftKind: IdentifierKind;
  readonly right: string;
  readonly rightKind: IdentifierKind;
  readonly rule: LinkRule;
  /** Earliest proof; for `move` and `leave` the time from which it holds. Epoch ms. */
  readonly atMs: number;
}

/** Links whose ends may become one contact or one client; the others are about the left end alone. */
export const joiningRules: ReadonlySet<LinkRule> = new Set(["same_event", "alias", "domain_of", "merge", "unmerge"]);

export const kindNumber = (kind: IdentifierKind): number => identifierKinds.indexOf(kind);
export const kindOfNumber = (number: number): IdentifierKind => identifierKinds[number]!;
