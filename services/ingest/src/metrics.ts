import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { type Batch, tokenOf } from "./domain/batch.ts";

/** What ingest counts. Labels are closed sets: topics, partitions, reasons. */
export function createIngestMetrics(registry: Registry) {
  const registers = [registry];
  const events = new Counter({
    name: "keypulse_ingest_events_total",
    help: "Messages by what became of them",
    labelNames: ["topic", "outcome"],
    registers,
  });
  const rejected = new Counter({
    name: "keypulse_ingest_rejected_total",
    help: "Rejected events by reason",
    labelNames: ["reason"],
    registers,
  });
  const batchSize = new Histogram({
    name: "keypulse_ingest_batch_events",
    help: "Messages of one stored range",
    buckets: [1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000],
    registers,
  });
  const age = new Histogram({
    name: "keypulse_ingest_event_age_seconds",
    help: "From Kafka's timestamp of a range's oldest message to its being stored",
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600],
    registers,
  });
  const step = new Counter({
    name: "keypulse_ingest_step_seconds_total",
    help: "Where the time of ranges goes; steps that wait overlap between partitions",
    labelNames: ["step"],
    registers,
  });
  const lag = new Gauge({
    name: "keypulse_ingest_lag_messages",
    help: "Messages of a partition that are not stored yet, at its last range",
    labelNames: ["topic", "partition"],
    registers,
  });
  const lost = new Counter({
    name: "keypulse_ingest_events_lost_total",
    help: "Messages that Kafka deleted before they were read",
    labelNames: ["topic", "partition"],
    registers,
  });
  const links = new Counter({ name: "keypulse_ingest_links_total", help: "New identity links", registers });

  const settled = new Counter({
    name: "keypulse_ingest_orders_settled_total",
    help: "Orders whose document changed",
    registers,
  });

  return {
    links,
    lost,
    settled,
    timeStep(name: string, startMs: number): void {
      step.inc({ step: name }, (performance.now() - startMs) / 1000);
    },
    stored(batch: Batch, topic: string, endOffset: number): void {
      const { partition, last } = batch.range;
      events.inc({ topic, outcome: "accepted" }, batch.accepted.length);
      events.inc({ topic, outcome: "duplicate" }, batch.duplicates.length);
      events.inc({ topic, outcome: "rejected" }, batch.rejected.length);
      for (const { reason } of batch.rejected) rejected.inc({ reason });
      batchSize.observe(batch.messages.length);
      const oldest = batch.messages[0];
      if (oldest) age.observe(Math.max(0, Date.now() - oldest.timestampMs) / 1000);
      lag.set({ topic, partition: String(partition) }, Math.max(0, endOffset - 1 - last));
    },
    describe: (batch: Batch) => ({
      range: tokenOf(batch.range),
      accepted: batch.accepted.length,
      duplicates: batch.duplicates.length,
      rejected: batch.rejected.length,
    }),
  };
}

export type IngestMetrics = ReturnType<typeof createIngestMetrics>;
