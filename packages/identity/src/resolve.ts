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
  readonly clientKey: string;
  /** Key of the strongest identifier of a person, or `nobody`. */
  readonly contactKey: string;
  readonly account: ResolvedIdentifier | undefined;
  /** Identifiers of the person, strongest first. */
  readonly person: readonly ResolvedIdentifier[];
  /** All of them by kind, normalised. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Makes a function that turns an event's raw identifiers into leaf keys. Pure; it remembers the newest `cacheSize`
 * combinations (some 1 kB each), because parsing a phone number costs some 20 µs, hashing 1 µs, and the same people
 * come again. The same combination gives the same object as long as it is remembered, so that others can remember
 * things by it.
 */
export function createIdentityResolver(settings: NormaliseSettings, cacheSize = 100_000) {
  // Two halves: what is asked for again moves to the newer one, and the older one is forgotten as a whole.
  let newer = new Map<string, EventIdentity>();
  let older = new Map<string, EventIdentity>();

  return function resolveIdentity(identifiers: Identifiers): EventIdentity {
    const combination = combinationOf(identifiers);
    const known = newer.get(combination);
    if (known !== undefined) return known;
    const identity = older.get(combination) ?? resolve(identifiers, settings);
    if (newer.size >= cacheSize / 2) {
      older = newer;
      newer = new Map();
    }
    newer.set(combination, identity);
    return identity;
  };
}

/** The given identifiers as one text. Lengths keep values apart that hold the separator. */
function combinationOf(identifiers: Identifiers): string {
  let text = "";
  for (const kind in identifiers) {
    const value = identifiers[kind as IdentifierKind];
    if (value !== undefined) text += `${kind}:${value.length}:${value}`;
  }
  return text;
}

function resolve(identifiers: Identifiers, settings: NormaliseSettings): EventIdentity {
  const resolveKind = (kind: IdentifierKind): ResolvedIdentifier | undefined => {
    const raw = identifiers[kind];
    const value = raw === undefined ? undefined : normaliseIdentifier(kind, raw, settings);
    return value === undefined ? undefined : { kind, value, key: identifierKey(kind, value) };
  };
  const account = resolveKind("account_id");
  const person = contactIdentifierKinds.flatMap((kind) => resolveKind(kind) ?? []);
  const contactKey = person[0]?.key ?? nobody;
  const all = account === undefined ? person : [account, ...person];
  return {
    clientKey: account?.key ?? contactKey,
    contactKey,
    account,
    person,
    values: Object.fromEntries(all.map(({ kind, value }) => [kind, value])),
  };
}

/** Strength of a kind as a number, 0 the strongest; decides which identifier names a contact. */
export function kindRank(kind: IdentifierKind): number {
  return identifierKinds.indexOf(kind);
}
