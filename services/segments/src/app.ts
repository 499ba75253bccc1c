import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectProducer, connectRedis } from "@keypulse/engines";
import { scheduleEvery } from "@keypulse/engines/schedule";
import { createLogger, createMetrics, type RunningService, serveHealth } from "@keypulse/service-kit";
import { Counter } from "prom-client";
import type { SegmentsSettings } from "./config.ts";
import { createFindMembers } from "./inputs/members.ts";
import { createReadSegments } from "./inputs/storedSegments.ts";
import { ChangeTable } from "./outputs/changeTable.ts";
import { PortfolioHistory } from "./outputs/portfolioHistory.ts";
import { SegmentTopic } from "./outputs/segmentTopic.ts";
import { createAnnounceChanges } from "./steps/announceChanges.ts";
import { createEvaluateSegments } from "./steps/evaluateSegments.ts";
import { createRecordPortfolio } from "./steps/recordPortfolio.ts";

/**
 * Every minute: segments → who holds now, as the analyst → compare → store changes → announce. Every ten: months of the
 * portfolio that are over and not computed, or made of something that has changed → compute.
 */
export async function startSegments(settings: SegmentsSettings): Promise<RunningService> {
  const logger = createLogger("segments", settings.LOG_LEVEL);
  const registry = createMetrics("segments");
  const labels = { registers: [registry] };
  const evaluations = new Counter({
    name: "keypulse_segments_evaluated_total",
    help: "Segments evaluated, by outcome",
    labelNames: ["outcome"],
    ...labels,
  });
  const changed = new Counter({
    name: "keypulse_segments_changes_total",
    help: "Clients entering and leaving segments",
    labelNames: ["change"],
    ...labels,
  });
  const recorded = new Counter({
    name: "keypulse_segments_portfolio_months_total",
    help: "Months of the portfolio computed",
    ...labels,
  });

  const clickhouse = connectClickHouse(settings, "keypulse-segments");
  const analyst = connectClickHouse(
    { ...settings, CLICKHOUSE_URL: settings.CLICKHOUSE_ANALYST_URL },
    "keypulse-segments-conditions",
  );
  const redis = connectRedis(settings, "keypulse-segments", logger);
  const workerRedis = connectRedis(settings, "keypulse-segments-worker", logger);
  const portfolioRedis = connectRedis(settings, "keypulse-segments-portfolio", logger);
  const producer = await connectProducer(connectKafka(settings, "keypulse-segments", logger));

  const changes = new ChangeTable(clickhouse);
  const evaluateSegments = createEvaluateSegments({
    readSegments: createReadSegments(clickhouse, logger),
    findMembers: createFindMembers(analyst),
    changes,
    clock: Date.now,
    logger,
  });
  const announceChanges = createAnnounceChanges(
    changes,
    new SegmentTopic(producer, topicNames(settings.TOPIC_PREFIX).segments),
  );
  const recordPortfolio = createRecordPortfolio({
    history: new PortfolioHistory(clickhouse),
    clock: Date.now,
    logger,
  });

  const schedule = await scheduleEvery(
    {
      redisPrefix: `${settings.REDIS_PREFIX}segments`,
      name: "evaluations",
      everyMs: settings.SEGMENTS_EVALUATE_EVERY_SECONDS * 1000,
      lockMs: settings.SEGMENTS_LOCK_SECONDS * 1000,
    },
    { redis, workerRedis, logger },
    async () => {
      // What an instance that was killed had stored, and not told.
      await announceChanges();
      const { segments, failed, entered, left } = await evaluateSegments();
      evaluations.inc({ outcome: "ok" }, segments - failed);
      evaluations.inc({ outcome: "failed" }, failed);
      changed.inc({ change: "entered" }, entered);
      changed.inc({ change: "left" }, left);
      const announced = await announceChanges();
      logger.debug({ segments, failed, entered, left, announced }, "evaluated");
    },
  );
  // A queue of its own: segments don't wait for years of months.
  const portfolioSchedule = await scheduleEvery(
    {
      redisPrefix: `${settings.REDIS_PREFIX}segments`,
      name: "portfolio",
      everyMs: settings.SEGMENTS_PORTFOLIO_EVERY_SECONDS * 1000,
      lockMs: settings.SEGMENTS_LOCK_SECONDS * 1000,
    },
    { redis, workerRedis: portfolioRedis, logger },
    async () => recorded.inc(await recordPortfolio()),
  );
  const health = await serveHealth(settings, registry, async () => ({
    redis: redis.status === "ready" ? undefined : `connection is ${redis.status}`,
    clickhouse: (await clickhouse.ping({ select: true })).success ? undefined : "does not answer",
    analyst: (await analyst.ping({ select: true })).success ? undefined : "ClickHouse refuses the analyst's user",
  }));
  logger.info({ address: health.url, everySeconds: settings.SEGMENTS_EVALUATE_EVERY_SECONDS }, "started");

  return {
    logger,
    failed: new Promise<never>(() => {}),
    async stop() {
      await Promise.all([schedule.stop(), portfolioSchedule.stop()]);
      await producer.disconnect();
      await Promise.all([clickhouse.close(), analyst.close()]);
      redis.disconnect();
      workerRedis.disconnect();
      portfolioRedis.disconnect();
      await health.close();
    },
  };
}
