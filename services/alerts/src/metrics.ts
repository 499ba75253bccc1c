import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { changeOf } from "./domain/news.ts";
import type { WebhookConsumer } from "./domain/webhook.ts";
import type { QueueDepth } from "./outputs/deliveryQueue.ts";
import type { DecidedVersions } from "./steps/decideVersions.ts";
import type { DeliveryResult } from "./steps/deliver.ts";

/** What alerts counts. Labels are closed sets: outcomes, partitions, names of configured consumers. */
export function createAlertsMetrics(registry: Registry, topic: string, consumers: readonly WebhookConsumer[]) {
  const registers = [registry];
  let readQueues: () => Promise<QueueDepth[]> = async () => [];
  let readDisabled: () => Promise<ReadonlySet<string>> = async () => new Set();
  const lag = new Gauge({
    name: "keypulse_alerts_lag_messages",
    help: "Signals of a partition that are not handled yet, at its last batch",
    labelNames: ["topic", "partition"],
    registers,
  });
  const signals = new Counter({
    name: "keypulse_alerts_signals_total",
    help: "Signals by what became of them",
    labelNames: ["outcome"],
    registers,
  });
  const versions = new Counter({
    name: "keypulse_alerts_versions_total",
    help: "New versions of alerts: opened, updated, resolved",
    labelNames: ["change", "announced"],
    registers,
  });
  const age = new Histogram({
    name: "keypulse_alerts_signal_age_seconds",
    help: "From a signal's detection to its alert's being published",
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600],
    registers,
  });
  const deliveries = new Counter({
    name: "keypulse_alerts_deliveries_total",
    help: "Tries to deliver by outcome",
    labelNames: ["consumer", "outcome"],
    registers,
  });
  const deliverySeconds = new Histogram({
    name: "keypulse_alerts_delivery_seconds",
    help: "How long receivers take to answer",
    labelNames: ["consumer"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
    registers,
  });
  const queued = new Gauge({
    name: "keypulse_alerts_queue_jobs",
    help: "Deliveries in Redis by state: prioritized wait for a worker, delayed for their next try",
    labelNames: ["consumer", "state"],
    registers,
    collect: async () => {
      const states = await readQueues().catch(() => []);
      for (const { consumer, state, jobs } of states) queued.set({ consumer, state }, jobs);
    },
  });
  const disabled = new Gauge({
    name: "keypulse_alerts_consumer_disabled",
    help: "1 where the receiver answered 410 and gets nothing any more",
    labelNames: ["consumer"],
    registers,
    collect: async () => {
      const off = await readDisabled().catch(() => undefined);
      if (off) for (const { name } of consumers) disabled.set({ consumer: name }, off.has(name) ? 1 : 0);
    },
  });
  const requeued = new Counter({
    name: "keypulse_alerts_requeued_total",
    help: "Deliveries that Redis had lost, enqueued again",
    registers,
  });

  return {
    handled(partition: number, behind: number, decided: DecidedVersions, unusable: number): void {
      lag.set({ topic, partition: String(partition) }, behind);
      for (const [outcome, count] of decided.outcomes) signals.inc({ outcome }, count);
      signals.inc({ outcome: "unusable" }, unusable);
      for (const alert of decided.made) {
        versions.inc({ change: changeOf(alert), announced: String(alert.announced) });
        age.observe(Math.max(0, Date.now() - Date.parse(alert.updated_at)) / 1000);
      }
    },
    delivered(consumer: string, result: DeliveryResult): void {
      deliveries.inc({ consumer, outcome: result.outcome });
      if ("answer" in result && result.answer.durationMs > 0) {
        deliverySeconds.observe({ consumer }, result.answer.durationMs / 1000);
      }
    },
    requeued: (count: number): void => requeued.inc(count),
    /** Asked each time that somebody reads the metrics. */
    watch(read: { queues: typeof readQueues; disabled: typeof readDisabled }): void {
      readQueues = read.queues;
      readDisabled = read.disabled;
    },
  };
}
