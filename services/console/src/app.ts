import type { AddressInfo } from "node:net";
import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectClickHouseReader, connectKafka, connectRedis } from "@keypulse/engines";
import { IdentityDecisions } from "@keypulse/identity/store";
import { createCalendar } from "@keypulse/methods";
import { publicHolidays } from "@keypulse/methods/holidays";
import { createLogger, createMetrics, type RunningService, serveHealth } from "@keypulse/service-kit";
import { mutate } from "@keypulse/warehouse";
import type { ConsoleSettings } from "./config.ts";
import { serveAlerts } from "./inputs/alertRoutes.ts";
import { createApiServer } from "./inputs/apiServer.ts";
import { serveClients } from "./inputs/clientRoutes.ts";
import { serveIdentity } from "./inputs/identityRoutes.ts";
import { servePlans } from "./inputs/planRoutes.ts";
import { servePortfolio } from "./inputs/portfolioRoutes.ts";
import { servePrivacy } from "./inputs/privacyRoutes.ts";
import { serveSegments } from "./inputs/segmentRoutes.ts";
import { serveSources } from "./inputs/sourceRoutes.ts";
import { createReadSubject } from "./inputs/subjects.ts";
import { serveWatching } from "./inputs/watchRoutes.ts";
import { createConsoleMetrics } from "./metrics.ts";
import { PortfolioLimits } from "./outputs/portfolioLimits.ts";
import { SegmentSettings } from "./outputs/segmentSettings.ts";
import { SourceSettings } from "./outputs/sourceSettings.ts";
import { TouchedTopic } from "./outputs/touchedTopic.ts";
import { createDescribeSources } from "./steps/describeSources.ts";
import { Erasures } from "./steps/erase.ts";
import { createLendWriteKey } from "./steps/lendWriteKey.ts";
import { createMeasureMove } from "./steps/measureMove.ts";

export interface RunningConsole extends RunningService {
  /** Where the API answers. */
  url: string;
  /** Of `/live`, `/ready` and `/metrics`. */
  healthUrl: string;
}

/** A lock or a bell in Redis that does not answer by then is a fault of the request, which may be tried again. */
const redisTimeoutMs = 3_000;

/** A console that was killed while it carried out a decision leaves the rest to another. */
const catchUpEveryMs = 30_000;

/** The API by which people and programs wire sources and see that their data is right. */
export async function startConsole(settings: ConsoleSettings): Promise<RunningConsole> {
  const logger = createLogger("console", settings.LOG_LEVEL);
  const registry = createMetrics("console");
  const metrics = createConsoleMetrics(registry);
  const limits = { maxConnections: 20, requestTimeoutMs: 30_000 };
  const clickhouse = connectClickHouse(settings, "keypulse-console", limits);
  const reader = connectClickHouseReader(settings, "keypulse-console", limits);
  const analyst = connectClickHouse(
    { ...settings, CLICKHOUSE_URL: settings.CLICKHOUSE_ANALYST_URL },
    "keypulse-console-conditions",
  );
  const redis = connectRedis(settings, "keypulse-console", logger, { commandTimeoutMs: redisTimeoutMs });
  // Erasures rewrite whole parts of tables.
  const patient = connectClickHouse(settings, "keypulse-console-erasures", { requestTimeoutMs: 3_600_000 });
  const normalise = { defaultCountry: settings.WORKSPACE_COUNTRY };
  const secretKey = settings.KEYPULSE_SECRET_KEY;
  const collectorUrl = settings.COLLECTOR_PUBLIC_URL;

  const sources = new SourceSettings({
    clickhouse,
    redis,
    redisPrefix: settings.REDIS_PREFIX,
    logger,
    changed: metrics.changed,
  });
  const describe = createDescribeSources({
    clickhouse,
    collectorUrl,
    secretKey,
    calendar: createCalendar(settings.WORKSPACE_TIMEZONE, publicHolidays(settings.WORKSPACE_COUNTRY)),
  });
  const wiring = { clickhouse, collectorUrl, secretKey, lendWriteKey: createLendWriteKey(sources) };
  const decisions = new IdentityDecisions({ redis, clickhouse }, settings.REDIS_PREFIX, settings);
  const touched = new TouchedTopic(
    connectKafka(settings, "keypulse-console", logger),
    topicNames(settings.TOPIC_PREFIX).touched,
  );
  const stopping = new AbortController();

  const server = await createApiServer(settings.KEYPULSE_API_TOKEN, logger);
  server.addHook("onResponse", async (request, reply) => {
    const { url = "none" } = request.routeOptions;
    if (!url.endsWith("/live")) metrics.answered(url, request.method, reply.statusCode, reply.elapsedTime / 1000);
  });
  serveSources(server, { settings: sources, describe, secretKey });
  serveClients(server, { clickhouse, reader });
  serveAlerts(server, { clickhouse, redis, redisPrefix: settings.REDIS_PREFIX });
  servePlans(server, { settings: sources, clickhouse });
  serveSegments(server, {
    settings: new SegmentSettings({ clickhouse, redis, redisPrefix: settings.REDIS_PREFIX, logger }),
    clickhouse,
    analyst,
  });
  servePortfolio(server, {
    clickhouse,
    limits: new PortfolioLimits({ clickhouse, redis, redisPrefix: settings.REDIS_PREFIX }),
  });
  serveWatching(server, { settings: sources, describe, clickhouse, wiring, metrics, stopping: stopping.signal });
  serveIdentity(server, {
    clickhouse,
    decisions,
    measureMove: createMeasureMove(clickhouse, {
      timezone: settings.WORKSPACE_TIMEZONE,
      currency: settings.WORKSPACE_CURRENCY,
    }),
    touched,
    normalise,
  });
  const erasures = new Erasures(
    { clickhouse: patient, redis, store: decisions.store, touched, logger },
    {
      redisPrefix: settings.REDIS_PREFIX,
      waitMs: settings.ERASURE_WAIT_SECONDS * 1000,
      answerMs: settings.ERASURE_ANSWER_SECONDS * 1000,
      mutate: (table, change) => mutate(settings, table, change),
    },
  );
  const runErasures = (): void => {
    erasures.run(stopping.signal).catch((error: Error) => {
      if (!stopping.signal.aborted) logger.warn({ reason: error.message.slice(0, 200) }, "an erasure is tried again");
    });
  };
  servePrivacy(server, {
    clickhouse: patient,
    erasures,
    readSubject: createReadSubject(clickhouse, normalise, settings),
    begin: runErasures,
  });

  const health = await serveHealth(settings, registry, async () => ({
    redis: redis.status === "ready" ? undefined : `connection is ${redis.status}`,
    clickhouse: (await clickhouse.ping({ select: true })).success ? undefined : "does not answer",
  }));
  const catchUp = setInterval(() => {
    runErasures();
    decisions.catchUp(Date.now()).catch((error: Error) => {
      logger.warn({ reason: error.message.slice(0, 200) }, "can't look for decisions that were cut off");
    });
  }, catchUpEveryMs);
  await server.listen({ host: settings.HOST, port: settings.CONSOLE_PORT });
  const { port } = server.server.address() as AddressInfo;
  const url = `http://${settings.HOST}:${port}`;
  logger.info({ address: url, health: health.url }, "started");

  return {
    logger,
    url,
    healthUrl: health.url,
    failed: new Promise<never>(() => {}),
    async stop() {
      stopping.abort();
      clearInterval(catchUp);
      await server.close();
      await touched.close();
      await Promise.all([clickhouse.close(), reader.close(), patient.close(), analyst.close()]);
      redis.disconnect();
      await health.close();
    },
  };
}
