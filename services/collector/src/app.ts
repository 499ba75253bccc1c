import type { AddressInfo } from "node:net";
import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectRedis, retry } from "@keypulse/engines";
import { createLogger, createMetrics, type RunningService, serveHealth } from "@keypulse/service-kit";
import { SourceBook } from "@keypulse/sources";
import type { CollectorSettings } from "./config.ts";
import { serveHooks } from "./inputs/hooks.ts";
import { createHttpServer } from "./inputs/httpServer.ts";
import { createRateLimits } from "./inputs/rateLimits.ts";
import { serveSegmentApi } from "./inputs/segmentApi.ts";
import { createCollectorMetrics } from "./metrics.ts";
import { createDownloads } from "./outputs/downloads.ts";
import { EventProducer } from "./outputs/eventProducer.ts";
import { createInTurn } from "./steps/inTurn.ts";
import { createMarkMachines } from "./steps/markMachines.ts";
import { createTakeRequest } from "./steps/takeRequest.ts";

/** Bytes of bodies that are worked on at a time. */
const bytesInHand = 256 * 1024;

export interface RunningCollector extends RunningService {
  /** Where providers and SDKs send to. */
  url: string;
}

/**
 * HTTP → Kafka: who sends → is it genuine → events of the contract → Kafka's acknowledgement → 2xx. What can't be used
 * goes to Kafka too, as it came and with the reason. Holds nothing: what was not answered with 2xx was not accepted.
 */
export async function startCollector(settings: CollectorSettings): Promise<RunningCollector> {
  const logger = createLogger("collector", settings.LOG_LEVEL);
  const registry = createMetrics("collector");
  const metrics = createCollectorMetrics(registry);
  const clickhouse = connectClickHouse(settings, "keypulse-collector");
  const redis = connectRedis(settings, "keypulse-collector", logger);
  const producer = new EventProducer(connectKafka(settings, "keypulse-collector", logger), logger);
  const book = new SourceBook(clickhouse, settings.KEYPULSE_SECRET_KEY, logger);

  const inTurn = createInTurn(bytesInHand);
  const take = createTakeRequest({
    topics: topicNames(settings.TOPIC_PREFIX),
    producer,
    tools: createDownloads(),
    markMachines: createMarkMachines(redis, settings.REDIS_PREFIX),
    metrics,
    inTurn,
  });
  const limits = createRateLimits(settings.COLLECTOR_REQUESTS_AN_ADDRESS);
  const server = await createHttpServer(settings, logger);
  server.addHook("onResponse", async (request, reply) => {
    metrics.answered(request.routeOptions.url ?? "none", reply.statusCode, reply.elapsedTime / 1000);
  });
  let url = "";
  const parts = {
    book,
    limits,
    inTurn,
    take,
    publicUrl: () => settings.COLLECTOR_PUBLIC_URL?.replace(/\/$/, "") ?? url,
  };
  serveHooks(server, parts);
  serveSegmentApi(server, parts);

  let sourcesRead = false;
  const health = await serveHealth(settings, registry, async () => ({
    kafka: producer.away() ? "does not take events" : undefined,
    sources: sourcesRead ? undefined : "are not read from ClickHouse yet",
  }));
  // Without sources nobody can be told from a stranger, so nobody is answered before they are read.
  await retry(() => book.open(redis, settings.REDIS_PREFIX), {
    minDelayMs: 200,
    maxDelayMs: 5_000,
    attempts: Number.POSITIVE_INFINITY,
    onRetry: (error) => logger.warn({ reason: error.name }, "waiting for ClickHouse to read the sources"),
  });
  sourcesRead = true;
  await server.listen({ host: settings.HOST, port: settings.COLLECTOR_PORT });
  const { port } = server.server.address() as AddressInfo;
  url = `http://${settings.HOST}:${port}`;
  logger.info({ address: url, health: health.url, sources: book.all().length }, "started");

  return {
    logger,
    url,
    failed: new Promise<never>(() => {}),
    async stop() {
      await server.close();
      book.close();
      await producer.close();
      await clickhouse.close();
      redis.disconnect();
      await health.close();
    },
  };
}
