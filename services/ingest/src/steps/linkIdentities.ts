import type { EventIdentity } from "@keypulse/identity";
import type { Batch } from "../domain/batch.ts";
import type { IdentityForest, IdentityLink } from "../domain/forest.ts";
import type { AcceptedEvent } from "../domain/outcome.ts";
import type { IdentityTables } from "../outputs/identityTables.ts";

/**
 * Takes the links that events prove into the ledger, the forest and the map.
 * The ledger is written before the forest, so that a link that the forest knows is always on record; rows of the map
 * wait in Redis until ClickHouse has them. Any step may be repeated.
 */
export function createLinkIdentities(forest: IdentityForest, tables: IdentityTables) {
  /** Since when the links of a combination of identifiers are stored; saves asking Redis for every event. */
  const linkedSince = new WeakMap<EventIdentity, number>();

  return async function linkIdentities(batch: Batch): Promise<number> {
    const earliest = new Map<EventIdentity, AcceptedEvent>();
    const aliases: AcceptedEvent[] = [];
    for (const event of batch.accepted) {
      const { identity, occurredAtMs } = event;
      if (event.alias !== undefined) aliases.push(event);
      // An earlier proof is news: it may decide which account a person's newest is.
      if (occurredAtMs >= (linkedSince.get(identity) ?? Number.POSITIVE_INFINITY)) continue;
      const other = earliest.get(identity);
      if (other === undefined || occurredAtMs < other.occurredAtMs) earliest.set(identity, event);
    }
    const proofs = [...new Set([...earliest.values(), ...aliases])];
    if (proofs.length === 0) return 0;
    const links = distinct(proofs.flatMap((event) => [...linksOf(event)]));
    const missing = await forest.missing(links);
    if (missing.length > 0) {
      await tables.storeLinks(missing);
      if ((await forest.apply(missing)) > 0) await forest.flush((rows) => tables.storeMap(rows));
    }
    for (const [identity, { occurredAtMs }] of earliest) linkedSince.set(identity, occurredAtMs);
    return missing.length;
  };
}

/** Of several proofs of one link, the earliest. */
function distinct(links: IdentityLink[]): IdentityLink[] {
  const first = new Map<string, IdentityLink>();
  for (const link of links) {
    const name = `${link.left.key}${link.right.key}${link.rule}`;
    const other = first.get(name);
    if (other === undefined || link.occurredAtMs < other.occurredAtMs) first.set(name, link);
  }
  return [...first.values()];
}

/** Every link that one event proves. */
export function* linksOf({ id, source, identity, alias, occurredAtMs }: AcceptedEvent): Generator<IdentityLink> {
  const proof = { occurredAtMs, source, eventId: id };
  const [strongest, ...others] = identity.person;
  if (identity.account !== undefined) yield { left: identity.account, right: identity.account, rule: "seen", ...proof };
  if (strongest === undefined) return;
  if (others.length === 0) yield { left: strongest, right: strongest, rule: "seen", ...proof };
  for (const other of others) yield { left: strongest, right: other, rule: "same_event", ...proof };
  for (const before of alias?.person ?? []) {
    if (before.key !== strongest.key) yield { left: strongest, right: before, rule: "alias", ...proof };
  }
  if (identity.account !== undefined) yield { left: strongest, right: identity.account, rule: "member_of", ...proof };
}
