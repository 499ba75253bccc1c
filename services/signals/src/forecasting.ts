import { type ClickHouse, connectRedis, type Redis } from "@keypulse/engines";
import { scheduleEvery } from "@keypulse/engines/schedule";
import { createCalendar } from "@keypulse/methods";
import type { createLogger, createMetrics } from "@keypulse/service-kit";
import { Counter, Gauge } from "prom-client";
import type { SignalsSettings } from "./config.ts";
import { lastWholeDay } from "./domain/lastWholeDay.ts";
import { createReadClientOrders } from "./inputs/clientOrders.ts";
import type { ReadSegments } from "./inputs/clientSegments.ts";
import { ForecastTables } from "./outputs/forecastTables.ts";
import { createForecastClients } from "./steps/forecastClients.ts";

/** A fit of a million clients keeps the event loop for some seconds. */
const lockMs = 60_000;

interface ForecastingParts {
  clickhouse: ClickHouse;
  readSegments: ReadSegments;
  redis: Redis;
  registry: ReturnType<typeof createMetrics>;
  logger: ReturnType<typeof createLogger>;
  /** Time up to which the data is complete; undefined while it is not known, or a history is being loaded. */
  completeUntilMs(): number | undefined;
}

/** Looks again and again whether a day is over that has no forecasts; one worker at a time in the workspace does them. */
export async function startForecasting(settings: SignalsSettings, parts: ForecastingParts) {
  const { clickhouse, readSegments, redis, registry, logger, completeUntilMs } = parts;
  const registers = [registry];
  const clients = new Gauge({
    name: "keypulse_signals_forecast_clients",
    help: "Clients of the last forecast",
    registers,
  });
  const runs = new Counter({
    name: "keypulse_signals_forecasts_total",
    help: "Forecasts of all clients that were made",
    registers,
  });
  const workspace = { timezone: settings.WORKSPACE_TIMEZONE, currency: settings.WORKSPACE_CURRENCY };
  const forecastClients = createForecastClients({
    readClientOrders: createReadClientOrders(clickhouse, workspace, readSegments),
    tables: new ForecastTables(clickhouse, workspace.currency),
    clock: Date.now,
    logger,
  });
  const calendar = createCalendar(workspace.timezone);
  const graceMs = settings.SIGNALS_WEEK_GRACE_MINUTES * 60_000;
  const stopping = new AbortController();
  const workerRedis = connectRedis(settings, "keypulse-signals-forecasts", logger);
  const schedule = await scheduleEvery(
    {
      redisPrefix: `${settings.REDIS_PREFIX}signals`,
      name: "forecasts",
      everyMs: settings.SIGNALS_FORECAST_CHECK_SECONDS * 1000,
      lockMs,
    },
    { redis, workerRedis, logger },
    async () => {
      const untilMs = completeUntilMs();
      if (untilMs === undefined) return;
      try {
        const done = await forecastClients(lastWholeDay(untilMs - graceMs, calendar), stopping.signal);
        if (done.outcome !== "forecast") return;
        runs.inc();
        clients.set(done.clients);
      } catch (error) {
        // The next start does it.
        if (!stopping.signal.aborted) throw error;
      }
    },
  );
  return {
    async stop() {
      stopping.abort();
      await schedule.stop();
      workerRedis.disconnect();
    },
  };
}
