import type { IdentifierKind } from "@keypulse/contracts";
import { type Era, erasOf } from "./eras.ts";
import { joiningRules, type Link } from "./link.ts";
import { type IdentitySettings, isContactKind, kindsByStrength } from "./settings.ts";
import { type Refused, unite } from "./unite.ts";

/** What an identifier belongs to. */
export type Place =
  | {
      level: "person";
      /** Key of the contact's strongest identifier. */
      contact: string;
      /** Key of the client that it belongs to now: the contact's own where it is nobody's. */
      client: string;
      /** Where it moved: clients by the time from which events belong to them, oldest first; else empty. */
      eras: readonly Era[];
    }
  | { level: "client"; client: string };

export interface Settled {
  places: ReadonlyMap<string, Place>;
  /** Links that no machine may make. */
  refused: readonly Refused[];
  /** Values that would join unusually many, or that a person set aside: they name nobody but themselves. */
  shared: readonly { key: string; kind: IdentifierKind; byPerson: boolean }[];
}

/**
 * Who is who in one connected part of the graph. A pure function of the set of links (their order does not matter) and
 * the settings, so late events, backfills and undone decisions end in the same state as if all had come in order.
 * Costs O(n log n) in the part's links; parts are small, because values that many share join nothing.
 */
export function createSettle(settings: IdentitySettings): (links: readonly Link[]) => Settled {
  const kinds = kindsByStrength(settings);
  const strength = new Map([...kinds.client, ...kinds.person].map((kind, index) => [kind, index]));
  const rankOf = (kind: IdentifierKind): number => strength.get(kind) ?? strength.size;

  return function settle(links) {
    const kindOf = new Map<string, IdentifierKind>();
    for (const link of links) {
      kindOf.set(link.left, link.leftKind);
      if (joiningRules.has(link.rule)) kindOf.set(link.right, link.rightKind);
    }
    const shared = sharedValues(links, kindOf, rankOf, settings);
    const { groups, refused } = unite(links, kindOf, new Set(shared.keys()), rankOf, settings);

    const about = Map.groupBy(
      links.filter(({ rule }) => !joiningRules.has(rule)),
      ({ left }) => left,
    );
    const places = new Map<string, Place>();
    for (const group of groups) {
      const name = group.reduce((best, key) => (isStronger(key, best, kindOf, rankOf) ? key : best));
      if (!isContactKind(kindOf.get(name)!, settings)) {
        for (const key of group) places.set(key, { level: "client", client: name });
        continue;
      }
      const eras = erasOf(
        name,
        group.flatMap((key) => about.get(key) ?? []),
      );
      const place: Place = {
        level: "person",
        contact: name,
        client: eras.at(-1)!.client,
        eras: eras.length === 1 ? [] : eras,
      };
      for (const key of group) places.set(key, place);
    }
    return {
      places,
      refused,
      shared: [...shared].map(([key, byPerson]) => ({ key, kind: kindOf.get(key)!, byPerson })),
    };
  };
}

function isStronger(
  a: string,
  b: string,
  kindOf: ReadonlyMap<string, IdentifierKind>,
  rankOf: (kind: IdentifierKind) => number,
): boolean {
  const difference = rankOf(kindOf.get(a)!) - rankOf(kindOf.get(b)!);
  return difference < 0 || (difference === 0 && a < b);
}

/** A value with ten times as many weaker ones of a kind as a contact may have is no person: a demonstration's login. */
const weakerTimes = 10;

/**
 * Values that would join unusually many: more stronger neighbours than `IDENTITY_SHARED` says, or far more weaker ones
 * than a contact may have. More links only ever make more of them, so what order they come in makes no difference.
 * @returns by key, whether a person set it aside
 */
function sharedValues(
  links: readonly Link[],
  kindOf: ReadonlyMap<string, IdentifierKind>,
  rankOf: (kind: IdentifierKind) => number,
  settings: IdentitySettings,
): Map<string, boolean> {
  const shared = new Map<string, boolean>();
  const released = new Set<string>();
  const neighbours = new Map<string, Set<string>>();
  const add = (key: string, other: string) => {
    const set = neighbours.get(key);
    if (set === undefined) neighbours.set(key, new Set([other]));
    else set.add(other);
  };
  for (const { left, right, rule } of links) {
    if (rule === "set_aside") shared.set(left, true);
    else if (rule === "release") released.add(left);
    else if (rule === "same_event" || rule === "alias" || rule === "domain_of") {
      add(left, right);
      add(right, left);
    }
  }
  for (const [key, others] of neighbours) {
    const kind = kindOf.get(key)!;
    if (shared.has(key) || released.has(key)) continue;
    // Most have few: counting by kind pays only past the smallest limit.
    const most = settings.IDENTITY_SHARED[kind] ?? Number.POSITIVE_INFINITY;
    let stronger = 0;
    const weaker = new Map<IdentifierKind, number>();
    for (const other of others) {
      const otherKind = kindOf.get(other)!;
      if (rankOf(otherKind) < rankOf(kind)) stronger += 1;
      else weaker.set(otherKind, (weaker.get(otherKind) ?? 0) + 1);
    }
    const isCrowd = [...weaker].some(
      ([otherKind, count]) => count > weakerTimes * (settings.IDENTITY_LIMITS[otherKind] ?? Number.POSITIVE_INFINITY),
    );
    if (stronger > most || isCrowd) shared.set(key, false);
  }
  return shared;
}
