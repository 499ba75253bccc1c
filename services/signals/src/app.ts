import { setTimeout as sleep } from "node:timers/promises";
import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectProducer, connectRedis } from "@keypulse/engines";
import { createCalendar } from "@keypulse/methods";
import { publicHolidays } from "@keypulse/methods/holidays";
import { createLogger, createMetrics, type RunningService, serveHealth } from "@keypulse/service-kit";
import type { SignalsSettings } from "./config.ts";
import { usualBudgets } from "./domain/budgets.ts";
import { Deadlines, everybody } from "./domain/deadlines.ts";
import { startForecasting } from "./forecasting.ts";
import { CaseFiles } from "./inputs/caseFiles.ts";
import { CasePanels } from "./inputs/casePanels.ts";
import { createReadSegments } from "./inputs/clientSegments.ts";
import { Histories } from "./inputs/histories.ts";
import { TouchedClients } from "./inputs/touchedClients.ts";
import { SettledWatermark, Watermark } from "./inputs/watermark.ts";
import { WorkspaceBudget } from "./inputs/workspaceBudget.ts";
import { createSignalsMetrics } from "./metrics.ts";
import { DetectorLines } from "./outputs/detectorLines.ts";
import { HeldFindings } from "./outputs/heldFindings.ts";
import { SignalLog } from "./outputs/signalLog.ts";
import { createEvaluator } from "./steps/evaluateClients.ts";
import { createWatchLag } from "./steps/watchLag.ts";

const watermarkEveryMs = 500;
const dueEveryMs = 1_000;
const dueAtOnce = 5_000;
const mostRestMs = 1_000;
/** While ingest is further behind than this, touched clients are only gathered: a history is being loaded. */
const mostBehindMs = 30_000;

/** Touched clients, due deadlines and week's end → load histories → detect → announce, as of the watermark. */
export async function startSignals(settings: SignalsSettings): Promise<RunningService> {
  const logger = createLogger("signals", settings.LOG_LEVEL);
  const registry = createMetrics("signals");
  const metrics = createSignalsMetrics(registry);

  const kafka = connectKafka(settings, "keypulse-signals", logger);
  const clickhouse = connectClickHouse(settings, "keypulse-signals", { requestTimeoutMs: 300_000 });
  const redis = connectRedis(settings, "keypulse-signals", logger);
  const producer = await connectProducer(kafka);
  const admin = kafka.admin();
  await admin.connect();
  const topics = topicNames(settings.TOPIC_PREFIX);

  const signalLog = new SignalLog(clickhouse, producer, topics.signals);
  const watermark = new SettledWatermark(
    new Watermark(admin, Object.values(topics.events), settings.INGEST_GROUP, logger),
    new Watermark(admin, [topics.orders], `${settings.INGEST_GROUP}-orders`, logger),
  );
  const touched = new TouchedClients(kafka, settings.SIGNALS_GROUP, topics.touched, logger);
  const deadlines = new Deadlines(redis, settings.REDIS_PREFIX);
  const sourceCheckMs = settings.SIGNALS_SOURCE_CHECK_SECONDS * 1_000;
  const calendar = createCalendar(settings.WORKSPACE_TIMEZONE, publicHolidays(settings.WORKSPACE_COUNTRY));
  const workspace = { timezone: settings.WORKSPACE_TIMEZONE, currency: settings.WORKSPACE_CURRENCY };
  const readSegments = createReadSegments(clickhouse, settings.SIGNALS_SEGMENT_BY);
  const evaluator = createEvaluator(
    {
      readSegments,
      histories: new Histories(clickhouse, {
        currency: settings.WORKSPACE_CURRENCY,
        timezone: settings.WORKSPACE_TIMEZONE,
      }),
      caseFiles: new CaseFiles(clickhouse, calendar, workspace),
      casePanels: new CasePanels(clickhouse, calendar),
      workspaceBudget: new WorkspaceBudget(clickhouse, logger),
    },
    {
      signalLog,
      lines: new DetectorLines(clickhouse),
      held: new HeldFindings(clickhouse),
    },
    deadlines,
    calendar,
    {
      usualBudget: usualBudgets({
        drop: settings.SIGNALS_DROP_BUDGET,
        silence: settings.SIGNALS_SILENCE_BUDGET,
        smaller: settings.SIGNALS_SMALLER_BUDGET,
      }),
      dropPreset: settings.SIGNALS_DROP_PRESET,
      minRepeats: settings.SIGNALS_MIN_REPEATS,
      minSourceClients: settings.SIGNALS_MIN_SOURCE_CLIENTS,
      currency: settings.WORKSPACE_CURRENCY,
      sourceCheckMs,
      weekGraceMs: settings.SIGNALS_WEEK_GRACE_MINUTES * 60_000,
    },
    metrics,
    logger,
  );

  const watchLag = createWatchLag(
    signalLog,
    {
      startedMs: Date.now(),
      heldAfterMs: mostBehindMs,
      toldAfterMs: settings.SIGNALS_LAG_TOLD_MINUTES * 60_000,
    },
    settings.WORKSPACE_CURRENCY,
  );

  const stopping = new AbortController();
  /**
   * Repeats a task until the service stops; a fault is logged and tried again, for every task is safe to repeat. A task rests
   * as long as it worked, a second at most: few events at a time would else keep ClickHouse as busy as many do.
   */
  const every = async (name: string, ms: number, task: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      const began = performance.now();
      try {
        await task();
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.warn({ task: name, reason: (error as Error).message.slice(0, 200) }, "trying again");
        await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => {});
      }
      const restMs = Math.max(ms, Math.min(mostRestMs, performance.now() - began));
      await sleep(restMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  async function lookAtKafka(): Promise<void> {
    await watermark.poll();
    metrics.completeUntil.set(watermark.completeUntilMs / 1000);
    metrics.lag.set(watermark.lag);
    metrics.deadlines.set(await deadlines.count());
    // The deadline of everybody is always there, unless Redis was emptied: then all are worked out again.
    if (!(await deadlines.has(everybody))) await deadlines.set([[everybody, 0]]);
    metrics.signalled(await watchLag(watermark.completeUntilMs, watermark.lag, Date.now()));
  }

  async function followBudget(): Promise<void> {
    if (await evaluator.budgetChanged()) await deadlines.set([[everybody, 0]]);
  }

  // One loop evaluates, so that one client is never evaluated twice at the same time in one process.
  let waiting = new Set<string>();
  let lastDueMs = 0;
  let lastSourcesMs = 0;
  async function evaluate(): Promise<void> {
    const asOfMs = watermark.completeUntilMs;
    const isBehind = Date.now() - asOfMs > mostBehindMs;
    const taken = touched.take();
    if (taken === "everybody") await deadlines.set([[everybody, 0]]);
    else waiting = waiting.union(taken);
    if (asOfMs === 0 || isBehind) return;

    if (Date.now() - lastDueMs >= dueEveryMs) {
      lastDueMs = Date.now();
      const due = await deadlines.takeDue(asOfMs, dueAtOnce);
      try {
        if (due.includes(everybody)) {
          waiting.clear();
          await evaluator.evaluateEverybody(asOfMs);
        } else await evaluator.evaluateDue(due, asOfMs);
      } catch (error) {
        await deadlines.set(due.map((member) => [member, asOfMs]));
        throw error;
      }
    }
    if (Date.now() - lastSourcesMs >= sourceCheckMs) {
      lastSourcesMs = Date.now();
      await evaluator.evaluateSources(asOfMs);
    }
    if (waiting.size > 0) {
      const keys = waiting;
      waiting = new Set();
      try {
        await evaluator.evaluateTouched(keys, asOfMs);
      } catch (error) {
        waiting = waiting.union(keys);
        throw error;
      }
    }
  }

  const health = await serveHealth(settings, registry, async () => ({
    kafka: touched.joined ? undefined : "has not joined the consumer group yet",
    redis: redis.status === "ready" ? undefined : `connection is ${redis.status}`,
    clickhouse: (await clickhouse.ping({ select: true })).success ? undefined : "does not answer",
  }));
  await touched.start();
  // Whatever happened while no worker ran: look at everybody once. This also fills an emptied Redis again.
  await deadlines.set([[everybody, 0]]);
  const forecasting = await startForecasting(settings, {
    ...{ clickhouse, readSegments, redis, registry, logger },
    completeUntilMs: () =>
      Date.now() - watermark.completeUntilMs > mostBehindMs ? undefined : watermark.completeUntilMs,
  });
  const tasks = [
    every("watermark", watermarkEveryMs, lookAtKafka),
    every("budget", settings.SIGNALS_BUDGET_CHECK_SECONDS * 1_000, followBudget),
    every("evaluate", settings.SIGNALS_GATHER_MS, evaluate),
  ];
  logger.info({ address: health.url }, "started");

  return {
    logger,
    failed: touched.failed,
    async stop() {
      stopping.abort();
      await Promise.all([...tasks, forecasting.stop()]);
      await touched.stop();
      await producer.disconnect();
      await admin.disconnect();
      await clickhouse.close();
      redis.disconnect();
      await health.close();
    },
  };
}
