import type { IdentifierKind, Identifiers } from "@keypulse/contracts";
import { createCompanyDomain } from "./companyDomain.ts";
import { byKindForUs } from "./customerNumber.ts";
import { identifierKey, nobody } from "./key.ts";
import { type NormaliseSettings, normaliseIdentifier } from "./normalise.ts";
import { defaultIdentitySettings, type IdentitySettings, kindsByStrength } from "./settings.ts";

export interface ResolvedIdentifier {
  kind: IdentifierKind;
  value: string;
  key: string;
}

export interface EventIdentity {
  /** Key that the row is stamped with: the account's, else the contact's, else the domain's, else `nobody`. */
  readonly clientKey: string;
  /** Key of the strongest identifier of a person, or `nobody`. */
  readonly contactKey: string;
  /** Identifiers of the client without the domain, strongest first. */
  readonly clients: readonly ResolvedIdentifier[];
  /** Identifiers of the person, strongest first. */
  readonly person: readonly ResolvedIdentifier[];
  /** Companies by domain, where that rule is on: of which address, or undefined where the sender named the domain. */
  readonly companies: readonly { of: ResolvedIdentifier | undefined; domain: ResolvedIdentifier }[];
  /** The person's address and its company's domain, where the rule is off. */
  readonly address: { of: ResolvedIdentifier; domain: ResolvedIdentifier } | undefined;
  /** The domain that the sender named, free mail apart. */
  readonly domain: ResolvedIdentifier | undefined;
  /** All of them by kind, normalised. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Makes a function that turns an event's raw identifiers into leaf keys. Pure; it remembers the newest `cacheSize`
 * combinations (some 1 kB each), because parsing a phone number costs some 20 µs, hashing 1 µs, and the same people
 * come again. The same combination gives the same object as long as it is remembered, so that others can remember
 * things by it.
 */
export function createIdentityResolver(
  normalise: NormaliseSettings,
  settings: IdentitySettings = defaultIdentitySettings,
  cacheSize = 100_000,
) {
  const resolve = createResolve(normalise, settings);
  // Two halves: what is asked for again moves to the newer one, and the older one is forgotten as a whole.
  let newer = new Map<string, EventIdentity>();
  let older = new Map<string, EventIdentity>();

  return function resolveIdentity(identifiers: Identifiers): EventIdentity {
    const combination = combinationOf(identifiers);
    const known = newer.get(combination);
    if (known !== undefined) return known;
    const identity = older.get(combination) ?? resolve(identifiers);
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

function createResolve(normalise: NormaliseSettings, settings: IdentitySettings) {
  const kinds = kindsByStrength(settings);
  const blocked = new Set(settings.IDENTITY_BLOCKED.map((value) => value.toLowerCase()));
  const companyDomain = createCompanyDomain(settings);
  const companiesCount = settings.IDENTITY_COMPANY_DOMAINS === "on";

  const domainOf = (value: string): ResolvedIdentifier => ({
    kind: "domain",
    value,
    key: identifierKey("domain", value),
  });
  const addressOf = (person: readonly ResolvedIdentifier[]): EventIdentity["address"] => {
    const of = person.find(({ kind }) => kind === "email");
    const company = of === undefined ? undefined : companyDomain(of.value);
    return of === undefined || company === undefined ? undefined : { of, domain: domainOf(company) };
  };

  return function resolve(given: Identifiers): EventIdentity {
    const identifiers = byKindForUs(given);
    const resolveKind = (kind: IdentifierKind): ResolvedIdentifier[] => {
      const raw = identifiers[kind];
      if (raw === undefined || blocked.has(raw.trim().toLowerCase())) return [];
      const value = normaliseIdentifier(kind, raw, normalise);
      return value === undefined ? [] : [{ kind, value, key: identifierKey(kind, value) }];
    };
    const person = kinds.person.flatMap(resolveKind);
    const clients = kinds.client.filter((kind) => kind !== "domain").flatMap(resolveKind);
    const named = resolveKind("domain").filter(({ value }) => companyDomain(value) !== undefined);
    const companies: { of: ResolvedIdentifier | undefined; domain: ResolvedIdentifier }[] = [];
    for (const of of companiesCount ? [...person.filter(({ kind }) => kind === "email"), ...named] : []) {
      const value = companyDomain(of.value);
      if (value === undefined || companies.some(({ domain }) => domain.value === value)) continue;
      companies.push({
        of: of.kind === "email" ? of : undefined,
        domain: domainOf(value),
      });
    }
    const contactKey = person[0]?.key ?? nobody;
    return {
      clientKey: clients[0]?.key ?? person[0]?.key ?? named[0]?.key ?? nobody,
      contactKey,
      clients,
      person,
      companies,
      domain: named[0],
      address: companiesCount ? undefined : addressOf(person),
      values: Object.fromEntries([...clients, ...person, ...named].map(({ kind, value }) => [kind, value])),
    };
  };
}
