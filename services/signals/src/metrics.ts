import type { Signal } from "@keypulse/contracts";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export function createSignalsMetrics(registry: Registry) {
  const registers = [registry];
  const evaluated = new Counter({
    name: "keypulse_signals_clients_evaluated_total",
    help: "Clients evaluated, by why",
    labelNames: ["why"],
    registers,
  });
  const signals = new Counter({
    name: "keypulse_signals_total",
    help: "Signals by detector, channel and state",
    labelNames: ["detector", "channel", "state"],
    registers,
  });
  const held = new Counter({
    name: "keypulse_signals_held_total",
    help: "Findings held back because a source is suspiciously quiet",
    registers,
  });
  const duration = new Histogram({
    name: "keypulse_signals_evaluation_seconds",
    help: "Duration of an evaluation, by why",
    labelNames: ["why"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120],
    registers,
  });
  const completeUntil = new Gauge({
    name: "keypulse_signals_complete_until_seconds",
    help: "Unix time up to which all events are known to be stored",
    registers,
  });
  const lag = new Gauge({
    name: "keypulse_signals_ingest_lag_messages",
    help: "Messages that are not stored yet",
    registers,
  });
  const deadlines = new Gauge({ name: "keypulse_signals_deadlines", help: "Clients with a deadline", registers });
  const suspects = new Gauge({
    name: "keypulse_signals_suspect_sources",
    help: "Sources that are suspiciously quiet",
    registers,
  });

  return {
    completeUntil,
    lag,
    deadlines,
    suspects,
    held,
    evaluated(why: string, clients: number, seconds: number): void {
      evaluated.inc({ why }, clients);
      duration.observe({ why }, seconds);
    },
    signalled(list: readonly Signal[]): void {
      for (const { detector, channel, state } of list) signals.inc({ detector, channel, state });
    },
  };
}
