import type { IdentifierKind } from "@keypulse/contracts";
import type { Link } from "./link.ts";
import type { IdentitySettings } from "./settings.ts";

export type RefusalReason = "two_people" | "two_clients" | "limit" | "kept_apart";

/** A link that was not made, because it would join what no machine may join. */
export interface Refused {
  link: Link;
  reason: RefusalReason;
  /** Kind of which there would be too many. */
  kind: IdentifierKind | undefined;
}

/** Kinds by which we know somebody: two of one kind are two people (or two clients) unless somebody says otherwise. */
const knownBy: ReadonlySet<IdentifierKind> = new Set(["crm_id", "user_id", "account_id"]);

interface Group {
  members: string[];
  /** Companies of its addresses. */
  companies: ReadonlySet<string>;
  /** How many values of each kind. */
  counts: Map<IdentifierKind, number>;
}

/**
 * Groups of identifiers by union of links, people's first, then machines' from the strongest kinds on (Kruskal's way),
 * each refused that would break a limit.
 */
export function unite(
  links: readonly Link[],
  kindOf: ReadonlyMap<string, IdentifierKind>,
  shared: ReadonlySet<string>,
  rankOf: (kind: IdentifierKind) => number,
  settings: IdentitySettings,
): { groups: string[][]; refused: Refused[] } {
  const groupOf = new Map<string, Group>();
  const companiesOf = companiesOfAddresses(links);
  for (const [key, kind] of kindOf) {
    groupOf.set(key, { members: [key], companies: companiesOf.get(key) ?? none, counts: new Map([[kind, 1]]) });
  }
  const apart = new Map<string, Set<string>>();
  const joining: Link[] = [];
  for (const link of links) {
    if (link.rule === "unmerge") {
      for (const [a, b] of [
        [link.left, link.right],
        [link.right, link.left],
      ] as const) {
        apart.set(a, (apart.get(a) ?? new Set()).add(b));
      }
    } else if (isJoin(link) && !shared.has(link.left) && !shared.has(link.right)) joining.push(link);
  }
  joining.sort(
    (a, b) =>
      order[a.rule as Join] - order[b.rule as Join] ||
      rankOf(a.leftKind) - rankOf(b.leftKind) ||
      rankOf(a.rightKind) - rankOf(b.rightKind) ||
      a.atMs - b.atMs ||
      compare(a.left, b.left) ||
      compare(a.right, b.right),
  );

  const refused: Refused[] = [];
  for (const [index, link] of joining.entries()) {
    // A set of links: one that is given twice is refused once.
    if (index > 0 && isSame(link, joining[index - 1]!)) continue;
    const a = groupOf.get(link.left)!;
    const b = groupOf.get(link.right)!;
    if (a === b) continue;
    const refusal = isKeptApart(a, b, apart)
      ? { reason: "kept_apart" as const, kind: undefined }
      : link.rule === "merge"
        ? undefined
        : (areStrangers(a, b, link) ?? overLimit(a, b, link, settings));
    if (refusal !== undefined) {
      refused.push({ link, ...refusal });
      continue;
    }
    const [large, small] = a.members.length >= b.members.length ? [a, b] : [b, a];
    for (const key of small.members) {
      large.members.push(key);
      groupOf.set(key, large);
    }
    large.companies = large.companies.union(small.companies);
    for (const [kind, count] of small.counts) large.counts.set(kind, (large.counts.get(kind) ?? 0) + count);
  }
  return { groups: [...new Set(groupOf.values())].map(({ members }) => members), refused };
}

const order = { merge: 0, alias: 1, same_event: 2, domain_of: 2 } as const;
type Join = keyof typeof order;
const isJoin = (link: Link): boolean => link.rule in order;

const isSame = (a: Link, b: Link): boolean =>
  a.left === b.left && a.right === b.right && a.rule === b.rule && a.atMs === b.atMs;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function isKeptApart(a: Group, b: Group, apart: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (apart.size === 0) return false;
  const [few, many] = a.members.length < b.members.length ? [a, b] : [b, a];
  return few.members.some((key) => {
    const others = apart.get(key);
    return others !== undefined && many.members.some((other) => others.has(other));
  });
}

const none: ReadonlySet<string> = new Set();

/** Domains of companies by the key of the address, whichever rule tells them. */
function companiesOfAddresses(links: readonly Link[]): ReadonlyMap<string, ReadonlySet<string>> {
  const companies = new Map<string, Set<string>>();
  for (const { left, leftKind, right, rule } of links) {
    if (leftKind !== "email" || (rule !== "address_at" && rule !== "company_domain")) continue;
    companies.set(left, (companies.get(left) ?? new Set()).add(right));
  }
  return companies;
}

/**
 * One browser with addresses of two companies is two people who used it, and one number with two companies' addresses, or
 * two of one company, is a switchboard. An alias says otherwise on purpose.
 */
function areStrangers(a: Group, b: Group, link: Link): Omit<Refused, "link"> | undefined {
  if (link.rule !== "same_event" || a.companies.size === 0 || b.companies.size === 0) return undefined;
  const by = (kind: IdentifierKind) => link.leftKind === kind || link.rightKind === kind;
  const areTwo = by("phone") || (by("anonymous_id") && a.companies.isDisjointFrom(b.companies));
  return areTwo ? { reason: "two_people", kind: "email" } : undefined;
}

/** An alias is said on purpose and may give a person several logins; events that merely name both may not. */
function overLimit(a: Group, b: Group, link: Link, settings: IdentitySettings): Omit<Refused, "link"> | undefined {
  for (const [kind, count] of a.counts) {
    const other = b.counts.get(kind);
    if (other === undefined) continue;
    const limit =
      link.rule !== "alias" && knownBy.has(kind) ? 1 : (settings.IDENTITY_LIMITS[kind] ?? Number.POSITIVE_INFINITY);
    if (count + other <= limit) continue;
    if (kind === "account_id") return { reason: "two_clients", kind };
    return { reason: knownBy.has(kind) ? "two_people" : "limit", kind };
  }
  return undefined;
}
