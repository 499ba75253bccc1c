import { type WebhookConsumer, wants } from "../domain/webhook.ts";
import type { AlertTable } from "../outputs/alertTable.ts";
import type { Delivery, DeliveryQueue } from "../outputs/deliveryQueue.ts";
import type { DeliveryTable } from "../outputs/deliveryTable.ts";

export interface RequeueNeeds {
  alerts: AlertTable;
  deliveries: DeliveryTable;
  queue: DeliveryQueue;
  consumers: readonly WebhookConsumer[];
  scheduleMs: readonly number[];
  /** How far back to look, in days. */
  days: number;
  clock: () => number;
}

/** Loaded and enqueued together. */
const part = 500;

/**
 * Finds announced versions whose delivery has not ended and which Redis has no job of (it was emptied, or the consumer
 * is new), and enqueues them where their schedule stood. Safe to run at any time, by any number of services.
 * @returns how many were enqueued.
 */
export function createRequeueLost({ alerts, deliveries, queue, consumers, scheduleMs, days, clock }: RequeueNeeds) {
  const byName = new Map(consumers.map((consumer) => [consumer.name, consumer]));

  return async (): Promise<number> => {
    if (consumers.length === 0) return 0;
    const since = new Date(clock() - days * 86_400_000);
    const pending = await deliveries.pending([...byName.keys()], since);
    const wanted = pending.filter(({ consumer, raisedBy, peakMoney }) =>
      wants(byName.get(consumer)!, raisedBy, peakMoney),
    );
    const missing = await queue.missing(wanted);
    if (missing.length === 0) return 0;
    // A try that ended between the two questions was there for the second one only: where its schedule stands is read again.
    const asNow = new Map((await deliveries.pending([...byName.keys()], since)).map((one) => [nameOf(one), one]));
    const lost = missing.flatMap((one) => asNow.get(nameOf(one)) ?? []);
    for (let start = 0; start < lost.length; start += part) {
      const some = lost.slice(start, start + part);
      const versions = await alerts.loadOfAlerts(
        some.map(({ clientId }) => clientId),
        some.map(({ alertId }) => alertId),
      );
      const byVersion = new Map(versions.map((alert) => [`${alert.id}:${alert.version}`, alert]));
      await queue.add(
        some.flatMap(({ consumer, alertId, version, attempts, lastAttemptAt }): Delivery[] => {
          const alert = byVersion.get(`${alertId}:${version}`);
          if (alert === undefined) return [];
          const dueMs = lastAttemptAt === undefined ? 0 : Date.parse(lastAttemptAt) + (scheduleMs[attempts] ?? 0);
          return [
            {
              consumer,
              alert,
              attemptsBefore: attempts,
              checkFirst: true,
              delayMs: Math.max(0, Math.round(dueMs - clock())),
            },
          ];
        }),
      );
    }
    return lost.length;
  };
}

const nameOf = ({ consumer, alertId, version }: { consumer: string; alertId: string; version: number }): string =>
  `${consumer} ${alertId} ${version}`;
