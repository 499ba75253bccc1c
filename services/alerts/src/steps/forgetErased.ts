import type { Alert } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import { alertsThatMention, fillSubject } from "@keypulse/warehouse";
import type { DeliveryQueue } from "../outputs/deliveryQueue.ts";

interface RunningErasure {
  erasure_id: string;
  keys: string[];
  mentions: string[];
  clients: string[];
}

/**
 * Takes waiting deliveries away that are about people or clients being erased, or call such a person by name, and says
 * so, for the proof. While a worker has one in hand it is not said: that one may wait for another try afterwards, and is
 * taken away at the next turn. Nor while the alerts themselves have the name: what was taken away about a company is found
 * missing and enqueued again from them.
 */
export function createForgetErased(clickhouse: ClickHouse, queue: DeliveryQueue) {
  const removedBefore = new Map<string, number>();
  const rows = async <T>(query: string): Promise<T[]> =>
    await (await clickhouse.query({ query, format: "JSONEachRow" })).json<T>();

  return async function forgetErased(): Promise<number> {
    const running = await rows<RunningErasure>(
      `SELECT s.erasure_id AS erasure_id, groupUniqArray(s.key) AS keys, any(e.mentions) AS mentions, any(e.clients) AS clients
       FROM suppressed_keys AS s
       INNER JOIN (SELECT id, mentions, clients FROM erasures FINAL WHERE state = 'running') AS e ON e.id = s.erasure_id
       WHERE s.erasure_id NOT IN (SELECT erasure_id FROM erasure_steps WHERE step = 'pending deliveries')
       GROUP BY erasure_id`,
    );
    let removed = 0;
    for (const erasure of running) {
      const { erasure_id } = erasure;
      const named = await rows(`SELECT 1 FROM alerts WHERE ${mentionsIn(erasure)} LIMIT 1`);
      const taken = await queue.removeOf(concerns(erasure));
      removed += taken.removed;
      const found = taken.removed + (removedBefore.get(erasure_id) ?? 0);
      removedBefore.set(erasure_id, found);
      if (taken.inHand > 0 || named.length > 0) continue;
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

const mentionsIn = ({ keys, mentions, clients }: RunningErasure): string =>
  fillSubject(alertsThatMention, { keys: keys.map((key) => `'${key}'`).join(", "), names: [], mentions, clients });

/** Whether an alert is about whom is erased, or calls them by name. */
function concerns({ keys, mentions, clients }: RunningErasure): (alert: Alert) => boolean {
  const [own, companies] = [new Set(keys), new Set(clients)];
  const words = mentions.map((word) => word.toLowerCase());
  return (alert) => {
    if (own.has(alert.client_id)) return true;
    if (!companies.has(alert.client_id)) return false;
    const text = JSON.stringify(alert).toLowerCase();
    return words.some((word) => text.includes(word));
  };
}
