import type { ClickHouse } from "@keypulse/engines";
import type { DeliveryQueue } from "../outputs/deliveryQueue.ts";

/**
 * Takes waiting deliveries away that are about people or clients being erased, and says so, for the proof. While a worker
 * has one in hand it is not said: that one may wait for another try afterwards, and is taken away at the next turn.
 */
export function createForgetErased(clickhouse: ClickHouse, queue: DeliveryQueue) {
  const removedBefore = new Map<string, number>();
  return async function forgetErased(): Promise<number> {
    const result = await clickhouse.query({
      query: `SELECT erasure_id, groupUniqArray(key) AS keys FROM suppressed_keys
        WHERE erasure_id IN (SELECT id FROM erasures FINAL WHERE state = 'running')
          AND erasure_id NOT IN (SELECT erasure_id FROM erasure_steps WHERE step = 'pending deliveries')
        GROUP BY erasure_id`,
      format: "JSONEachRow",
    });
    let removed = 0;
    for (const { erasure_id, keys } of await result.json<{ erasure_id: string; keys: string[] }>()) {
      const taken = await queue.removeOf(new Set(keys));
      removed += taken.removed;
      const found = taken.removed + (removedBefore.get(erasure_id) ?? 0);
      removedBefore.set(erasure_id, found);
      if (taken.inHand > 0) continue;
      removedBefore.delete(erasure_id);
      await clickhouse.insert({
        table: "erasure_steps",
        format: "JSONEachRow",
        values: [{ erasure_id, step: "pending deliveries", found, done_at: Date.now() }],
        clickhouse_settings: { async_insert: 0 },
      });
    }
    return removed;
  };
}
