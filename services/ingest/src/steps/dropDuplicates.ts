import { type Batch, batchDateOf } from "../domain/batch.ts";
import type { DuplicateRegistry } from "../domain/registry.ts";
import type { OldEvents } from "../outputs/oldEvents.ts";

/** The registry's memory ends some day; events that happened a day before that or earlier are looked up in ClickHouse. */
const marginMs = 86_400_000;

/**
 * Moves events whose (source, id) another position carried first from `accepted` to `duplicates`. May be repeated.
 * The step returns the filling of the registry that its claims are part of.
 */
export function createDropDuplicates(registry: DuplicateRegistry, oldEvents: OldEvents) {
  return async function dropDuplicates(batch: Batch, claimedBefore: number): Promise<string> {
    const { kind, life, partition, last } = batch.range;
    if (batch.duplicates.length > 0) {
      batch.accepted = [...batch.accepted, ...batch.duplicates].sort((a, b) => a.message.offset - b.message.offset);
      batch.duplicates = [];
    }
    const claim = await registry.claim({
      kind,
      life,
      partition,
      batchTimeMs: Date.parse(batchDateOf(batch)),
      claimedBefore,
      lastOffset: last,
      ids: batch.accepted.map(({ source, id, message }) => ({ source, id, offset: message.offset })),
    });
    const { duplicates } = claim;
    if (claim.completeSinceMs > 0) {
      const old = batch.accepted
        .map((event, index) => ({ event, index }))
        .filter(({ event, index }) => event.occurredAtMs < claim.completeSinceMs - marginMs && !duplicates.has(index));
      for (const index of await oldEvents.storedBefore(batch.range, old)) duplicates.add(index);
    }
    if (duplicates.size > 0) {
      batch.duplicates = batch.accepted.filter((_, index) => duplicates.has(index));
      batch.accepted = batch.accepted.filter((_, index) => !duplicates.has(index));
    }
    return claim.fill;
  };
}
