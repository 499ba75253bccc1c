import { type Identifiers, identifiersSchema } from "@keypulse/contracts";
import type { createIdentityResolver } from "@keypulse/identity";
import type { Batch } from "../domain/batch.ts";
import type { IdentityForest, IdentityLink } from "../domain/forest.ts";
import type { AcceptedEvent } from "../domain/outcome.ts";
import type { IdentityTables } from "../outputs/identityTables.ts";

/** Links that this worker knows to be stored; saves asking Redis again for every event of a known client. */
const rememberedLinks = 200_000;

/**
 * Takes the links that events prove into the ledger, the forest and the map.
 * The ledger is written before the forest, so that a link that the forest knows is always on record; rows of the map
 * wait in Redis until ClickHouse has them. Any step may be repeated.
 */
export function createLinkIdentities(
  forest: IdentityForest,
  tables: IdentityTables,
  resolveIdentity: ReturnType<typeof createIdentityResolver>,
) {
  const known = new Map<string, number>();

  return async function linkIdentities(batch: Batch): Promise<number> {
    const fresh = new Map<string, IdentityLink>();
    for (const event of batch.accepted) {
      for (const link of linksOf(event, resolveIdentity)) {
        const name = link.left.key + link.right.key + link.rule[0];
        const first = known.get(name) ?? fresh.get(name)?.occurredAtMs;
        if (first === undefined || (link.rule === "member_of" && link.occurredAtMs < first)) fresh.set(name, link);
      }
    }
    if (fresh.size === 0) return 0;
    const missing = await forest.missing([...fresh.values()]);
    if (missing.length > 0) {
      await tables.storeLinks(missing);
      if ((await forest.apply(missing)) > 0) await forest.flush((rows) => tables.storeMap(rows));
    }
    for (const [name, link] of fresh) {
      if (known.size >= rememberedLinks) known.delete(known.keys().next().value!);
      known.set(name, link.occurredAtMs);
    }
    return missing.length;
  };
}

/** Every link that one event proves. */
export function* linksOf(
  { event, identity, occurredAtMs }: AcceptedEvent,
  resolveIdentity: ReturnType<typeof createIdentityResolver>,
): Generator<IdentityLink> {
  const proof = { occurredAtMs, source: event.source, eventId: event.id };
  const [strongest, ...others] = identity.person;
  if (identity.account !== undefined) yield { left: identity.account, right: identity.account, rule: "seen", ...proof };
  if (strongest === undefined) return;
  if (others.length === 0) yield { left: strongest, right: strongest, rule: "seen", ...proof };
  for (const other of others) yield { left: strongest, right: other, rule: "same_event", ...proof };
  if (event.type === "alias") {
    const previous = identifiersSchema.safeParse(event.properties.previous);
    const person = previous.success ? resolveIdentity(previous.data as Identifiers).person : [];
    for (const before of person) {
      if (before.key !== strongest.key) yield { left: strongest, right: before, rule: "alias", ...proof };
    }
  }
  if (identity.account !== undefined) yield { left: strongest, right: identity.account, rule: "member_of", ...proof };
}
