import type { Mapped } from "@keypulse/sources";
import { Counter, Histogram, type Registry } from "prom-client";

/** What the collector counts. Labels are closed sets: sources that exist, reasons, routes. */
export function createCollectorMetrics(registry: Registry) {
  const registers = [registry];
  const events = new Counter({
    name: "keypulse_collector_events_total",
    help: "Events that Kafka acknowledged, by source",
    labelNames: ["source"],
    registers,
  });
  const refused = new Counter({
    name: "keypulse_collector_refused_total",
    help: "Elements of requests that can't be used and are kept, by source and reason",
    labelNames: ["source", "reason"],
    registers,
  });
  const notGenuine = new Counter({
    name: "keypulse_collector_not_genuine_total",
    help: "Requests whose signature or secret is wrong, by source",
    labelNames: ["source"],
    registers,
  });
  const requests = new Histogram({
    name: "keypulse_collector_request_seconds",
    help: "From the first byte of a request to its answer",
    labelNames: ["route", "status"],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  return {
    taken(source: string, mapped: Mapped): void {
      events.inc({ source }, mapped.events);
      for (const [reason, count] of Object.entries(mapped.refused)) refused.inc({ source, reason }, count);
    },
    notGenuine: (source: string): void => notGenuine.inc({ source }),
    answered: (route: string, status: number, seconds: number): void =>
      requests.observe({ route, status: String(status) }, seconds),
  };
}

export type CollectorMetrics = ReturnType<typeof createCollectorMetrics>;
