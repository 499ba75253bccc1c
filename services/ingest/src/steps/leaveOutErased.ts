import { businessProperties, type ContractEvent, identifierKinds } from "@keypulse/contracts";
import type { createIdentityResolver, EventIdentity } from "@keypulse/identity";

const aboutPeople: ReadonlySet<string> = new Set(["identify", "alias"]);

/**
 * Leaves erased people and clients out of events that come late: an event of an erased client, or of an erased person
 * alone, is not taken; one of a company stays without its person. Where company domains count, a person of an erased
 * client's domain is of that client, unless an account says otherwise: then the event stays, and the domain is not named.
 * @returns what is left, or undefined where nothing may be taken
 */
export function createLeaveOutErased(
  suppressed: { has(key: string): boolean; readonly none: boolean },
  resolveIdentity: ReturnType<typeof createIdentityResolver>,
) {
  return function leaveOutErased<E extends { event: ContractEvent; identity: EventIdentity }>(
    read: E,
    alias: EventIdentity | undefined,
  ): E | undefined {
    if (suppressed.none) return read;
    const { event, identity } = read;
    const isErased = ({ key }: { key: string }): boolean => suppressed.has(key);
    const { clients, companies, domain, person } = identity;
    if (clients.some(isErased) || alias?.clients.some(isErased)) return undefined;
    const isOfErasedCompany = [...companies.map((company) => company.domain), ...(domain ? [domain] : [])].some(
      isErased,
    );
    const isOfErasedPerson = person.some(isErased) || alias?.person.some(isErased) === true;
    if (!isOfErasedPerson && !isOfErasedCompany) return read;
    if (clients.length === 0) return undefined;
    if (!isOfErasedPerson) return withoutDomains(read, isErased);
    if (aboutPeople.has(event.type)) return undefined;
    const kept = new Set(clients.map(({ kind }) => kind));
    const identifiers = Object.fromEntries(
      identifierKinds.flatMap((kind) => (kept.has(kind) ? [[kind, event.identifiers[kind]]] : [])),
    );
    const properties = Object.fromEntries(
      businessProperties.flatMap((name) => (name in event.properties ? [[name, event.properties[name]]] : [])),
    );
    const bare: ContractEvent = { ...event, identifiers, properties };
    if (event.type !== "group") delete bare.traits;
    return { ...read, event: bare, identity: resolveIdentity(identifiers) };
  };
}

function withoutDomains<E extends { event: ContractEvent; identity: EventIdentity }>(
  read: E,
  isErased: (identifier: { key: string }) => boolean,
): E {
  const { event, identity } = read;
  const companies = identity.companies.filter(({ domain }) => !isErased(domain));
  if (identity.domain === undefined || !isErased(identity.domain)) {
    return { ...read, identity: { ...identity, companies } };
  }
  const { domain: _named, ...values } = identity.values;
  const { domain: _sent, ...identifiers } = event.identifiers;
  return {
    ...read,
    event: { ...event, identifiers },
    identity: { ...identity, companies, domain: undefined, values },
  };
}
