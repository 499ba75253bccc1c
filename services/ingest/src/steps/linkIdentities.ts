import { type EventIdentity, linksOf, type ProvenLink } from "@keypulse/identity";
import type { IdentityStore } from "@keypulse/identity/store";
import type { Batch } from "../domain/batch.ts";
import type { AcceptedEvent } from "../domain/outcome.ts";

/** Takes the links that events prove into the ledger, the graph and the map. Any step may be repeated. */
export function createLinkIdentities(identities: IdentityStore) {
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
    const learnt = await identities.learn(links);
    for (const [identity, { occurredAtMs }] of earliest) linkedSince.set(identity, occurredAtMs);
    return learnt;
  };
}

/** Of several proofs of one link, the earliest. */
function distinct(links: ProvenLink[]): ProvenLink[] {
  const first = new Map<string, ProvenLink>();
  for (const link of links) {
    const name = `${link.left.key}${link.right.key}${link.rule}`;
    const other = first.get(name);
    if (other === undefined || link.occurredAtMs < other.occurredAtMs) first.set(name, link);
  }
  return [...first.values()];
}
