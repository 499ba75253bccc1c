import type { ClickHouse } from "@keypulse/engines";
import type { DeliveryQueue } from "../outputs/deliveryQueue.ts";

/** Takes waiting deliveries away that are about people or clients being erased, and says so, for the proof. */
export function createForgetErased(clickhouse: ClickHouse, queue: DeliveryQueue) {
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
      const found = await queue.removeOf(new Set(keys));
      removed += found;
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
