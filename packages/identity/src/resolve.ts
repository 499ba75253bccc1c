import { contactIdentifierKinds, type IdentifierKind, type Identifiers, identifierKinds } from "@keypulse/contracts";
import { identifierKey, nobody } from "./key.ts";
import { type NormaliseSettings, normaliseIdentifier } from "./normalise.ts";

export interface ResolvedIdentifier {
  kind: IdentifierKind;
  value: string;
  key: string;
}

export interface EventIdentity {
  /** Key that the row is stamped with: the account's, else the contact's, else `nobody`. */
  clientKey: string;
  /** Key of the strongest identifier of a person, or `nobody`. */
  contactKey: string;
  account: ResolvedIdentifier | undefined;
  /** Identifiers of the person, strongest first. */
  person: ResolvedIdentifier[];
}

/**
 * Makes a function that turns an event's raw identifiers into leaf keys. Pure; it remembers the newest `cacheSize`
 * identifiers, because parsing a phone number costs some 20 µs and hashing 1 µs and the same ones come again.
 */
export function createIdentityResolver(settings: NormaliseSettings, cacheSize = 100_000) {
  const cache = new Map<string, ResolvedIdentifier | null>();

  function resolveOne(kind: IdentifierKind, raw: string): ResolvedIdentifier | null {
    const cacheKey = `${kind}:${raw}`;
    const known = cache.get(cacheKey);
    if (known !== undefined) return known;
    const value = normaliseIdentifier(kind, raw, settings);
    const resolved = value === undefined ? null : { kind, value, key: identifierKey(kind, value) };
    if (cache.size >= cacheSize) cache.delete(cache.keys().next().value!);
    cache.set(cacheKey, resolved);
    return resolved;
  }

  function resolveKind(identifiers: Identifiers, kind: IdentifierKind): ResolvedIdentifier | null {
    const raw = identifiers[kind];
    return raw === undefined ? null : resolveOne(kind, raw);
  }

  return function resolveIdentity(identifiers: Identifiers): EventIdentity {
    const person: ResolvedIdentifier[] = [];
    for (const kind of contactIdentifierKinds) {
      const resolved = resolveKind(identifiers, kind);
      if (resolved !== null) person.push(resolved);
    }
    const account = resolveKind(identifiers, "account_id") ?? undefined;
    const contactKey = person[0]?.key ?? nobody;
    return { clientKey: account?.key ?? contactKey, contactKey, account, person };
  };
}

/** Strength of a kind as a number, 0 the strongest; decides which identifier names a contact. */
export function kindRank(kind: IdentifierKind): number {
  return identifierKinds.indexOf(kind);
}
