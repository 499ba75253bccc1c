import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** What the console counts. Labels are closed sets: routes, statuses, kinds of change. */
export function createConsoleMetrics(registry: Registry) {
  const registers = [registry];
  const requests = new Histogram({
    name: "keypulse_console_request_seconds",
    help: "From the first byte of a request to its answer; live streams are left out",
    labelNames: ["route", "method", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers,
  });
  const changes = new Counter({
    name: "keypulse_console_changes_total",
    help: "Versions of sources that were written",
    registers,
  });
  const streams = new Gauge({
    name: "keypulse_console_live_streams",
    help: "Live views that are open",
    registers,
  });
  return {
    answered: (route: string, method: string, status: number, seconds: number): void =>
      requests.observe({ route, method, status: String(status) }, seconds),
    changed: (): void => changes.inc(),
    streamOpened: (): void => streams.inc(),
    streamClosed: (): void => streams.dec(),
  };
}

export type ConsoleMetrics = ReturnType<typeof createConsoleMetrics>;
