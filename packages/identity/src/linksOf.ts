import type { LinkRule } from "./link.ts";
import type { EventIdentity, ResolvedIdentifier } from "./resolve.ts";

/** Evidence that two identifiers belong together, with the event that proves it. */
export interface ProvenLink {
  left: ResolvedIdentifier;
  right: ResolvedIdentifier;
  rule: LinkRule;
  occurredAtMs: number;
  source: string;
  eventId: string;
}

export interface Proof {
  id: string;
  source: string;
  occurredAtMs: number;
  identity: EventIdentity;
  /** Whom an alias event calls the same. */
  alias?: EventIdentity | undefined;
}

/** Every link that one event proves: a star around the strongest identifier of the person, and what ties it to clients. */
export function* linksOf({ id, source, occurredAtMs, identity, alias }: Proof): Generator<ProvenLink> {
  const proof = { occurredAtMs, source, eventId: id };
  const { person, clients, companies, domain, address } = identity;
  const [strongest, ...others] = person;
  const [client, ...otherClients] = clients;
  if (client !== undefined) yield { left: client, right: client, rule: "seen", ...proof };
  for (const other of otherClients) yield { left: client!, right: other, rule: "same_event", ...proof };
  for (const company of companies) {
    if (client !== undefined) yield { left: client, right: company.domain, rule: "domain_of", ...proof };
  }
  if (client === undefined && strongest === undefined && domain !== undefined) {
    yield { left: domain, right: domain, rule: "seen", ...proof };
  }
  for (const before of alias?.clients ?? []) {
    if (client !== undefined && before.key !== client.key) {
      yield { left: client, right: before, rule: "alias", ...proof };
    }
  }
  if (strongest === undefined) return;
  if (others.length === 0) yield { left: strongest, right: strongest, rule: "seen", ...proof };
  for (const other of others) yield { left: strongest, right: other, rule: "same_event", ...proof };
  for (const before of alias?.person ?? []) {
    if (before.key !== strongest.key) yield { left: strongest, right: before, rule: "alias", ...proof };
  }
  if (client !== undefined) yield { left: strongest, right: client, rule: "member_of", ...proof };
  for (const company of companies) {
    yield { left: company.of ?? strongest, right: company.domain, rule: "company_domain", ...proof };
  }
  if (address !== undefined) yield { left: address.of, right: address.domain, rule: "address_at", ...proof };
}
