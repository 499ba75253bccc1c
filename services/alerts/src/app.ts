import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectProducer, connectRedis } from "@keypulse/engines";
import { createLogger, createMetrics, type RunningService, serveHealth } from "@keypulse/service-kit";
import type { AlertsSettings } from "./config.ts";
import { worstFirst } from "./domain/news.ts";
import { createDeliveryWorkers } from "./inputs/deliveryWorkers.ts";
import { createSignalConsumer, type SignalTask } from "./inputs/signalConsumer.ts";
import { createAlertsMetrics } from "./metrics.ts";
import { AlertTable } from "./outputs/alertTable.ts";
import { AlertTopic } from "./outputs/alertTopic.ts";
import { DeliveryQueue } from "./outputs/deliveryQueue.ts";
import { DeliveryTable } from "./outputs/deliveryTable.ts";
import { DisabledConsumers } from "./outputs/disabledConsumers.ts";
import { createSendWebhook } from "./outputs/webhookSender.ts";
import { repeatEvery } from "./repeatEvery.ts";
import { createDecideVersions } from "./steps/decideVersions.ts";
import { createDeliver } from "./steps/deliver.ts";
import { createForgetErased } from "./steps/forgetErased.ts";
import { readSignals } from "./steps/readSignals.ts";
import { createRequeueLost } from "./steps/requeueLost.ts";
import { createUntilDone, describeError } from "./untilDone.ts";

export interface RunningAlerts extends RunningService {
  /** Of `/live`, `/ready` and `/metrics`. */
  address: string;
}

/** Work in hand has this long when the service stops (an engine may be away); then it is left to the next start. */
const stopGraceMs = 20_000;
/** A command that Redis does not answer is tried again by us. */
const redisTimeoutMs = 5_000;

/** Signals → read → decide versions → store → publish → enqueue; and, from the queues → deliver → record. */
export async function startAlerts(settings: AlertsSettings): Promise<RunningAlerts> {
  const logger = createLogger("alerts", settings.LOG_LEVEL);
  const registry = createMetrics("alerts");
  const topics = topicNames(settings.TOPIC_PREFIX);
  const consumers = settings.ALERT_WEBHOOKS;
  const scheduleMs = settings.ALERT_RETRY_SCHEDULE_SECONDS;
  const metrics = createAlertsMetrics(registry, topics.signals, consumers);

  const kafka = connectKafka(settings, "keypulse-alerts", logger);
  const clickhouse = connectClickHouse(settings, "keypulse-alerts", { maxConnections: 20 });
  const redis = connectRedis(settings, "keypulse-alerts", logger, { commandTimeoutMs: redisTimeoutMs });
  const workersRedis = connectRedis(settings, "keypulse-alerts-workers", logger);
  const producer = await connectProducer(kafka);

  const alertTable = new AlertTable(clickhouse);
  const alertTopic = new AlertTopic(producer, topics.alerts);
  const deliveryTable = new DeliveryTable(clickhouse);
  const deliveryQueue = new DeliveryQueue(redis, settings.REDIS_PREFIX, consumers, logger);
  const disabled = new DisabledConsumers(redis, settings.REDIS_PREFIX);
  metrics.watch({ queues: () => deliveryQueue.depths(), disabled: () => disabled.among(consumers) });

  const stopping = new AbortController();
  const untilDone = createUntilDone(logger, stopping.signal);
  const decideVersions = createDecideVersions((clientIds) => alertTable.loadOfClients(clientIds), {
    freshDays: settings.ALERT_FRESH_DAYS,
  });

  /** Told before and too old to be owed to anybody: a group that starts from the beginning sends no old news. */
  const isOwed = ({ again, alert }: { again: boolean; alert: { updated_at: string } }) =>
    !again || Date.now() - Date.parse(alert.updated_at) < settings.ALERT_REQUEUE_DAYS * 86_400_000;

  async function handleSignals({ partition, messages, lag, signal: lost }: SignalTask): Promise<void> {
    const { signals, unusable } = readSignals(messages);
    for (const bad of unusable) logger.warn({ topic: topics.signals, ...bad }, "a signal can't be used");

    const decided = await untilDone("decide versions", () => decideVersions(signals), lost);
    await untilDone("store versions", () => alertTable.store(decided.made), lost);
    const news = worstFirst(decided.news);
    await untilDone("publish", () => alertTopic.publish(news), lost);
    await untilDone("enqueue", () => deliveryQueue.enqueue(news.filter(isOwed)), lost);

    metrics.handled(partition, lag, decided, unusable.length);
    logger.debug({ partition, signals: signals.length, ...Object.fromEntries(decided.outcomes) }, "handled");
  }

  const deliver = createDeliver({
    send: createSendWebhook({
      timeoutMs: settings.ALERT_WEBHOOK_TIMEOUT_MS,
      allowPrivate: settings.ALERT_WEBHOOK_ALLOW_PRIVATE,
    }),
    deliveries: deliveryTable,
    disabled,
    scheduleMs,
    clock: Date.now,
    random: Math.random,
    untilDone,
  });
  const requeueLost = createRequeueLost({
    alerts: alertTable,
    deliveries: deliveryTable,
    queue: deliveryQueue,
    consumers,
    scheduleMs,
    days: settings.ALERT_REQUEUE_DAYS,
    clock: Date.now,
  });

  const workers = createDeliveryWorkers(
    workersRedis,
    consumers,
    { redisPrefix: settings.REDIS_PREFIX, concurrency: settings.ALERT_WEBHOOK_CONCURRENCY },
    logger,
    async (task) => {
      const result = await deliver(task);
      const { alert, consumer, attempt } = task;
      metrics.delivered(consumer.name, result);
      const level = result.outcome === "delivered" || result.outcome === "ended_before" ? "debug" : "warn";
      const why = "detail" in result ? { detail: result.detail, delayMs: result.delayMs } : {};
      const ids = { consumer: consumer.name, alert: alert.id, version: alert.version, attempt };
      logger[level]({ ...ids, outcome: result.outcome, ...why }, "delivery");
      return result;
    },
  );
  const consumer = createSignalConsumer(
    kafka,
    { groupId: settings.ALERT_GROUP, topic: topics.signals, sessionTimeoutMs: settings.ALERT_SESSION_TIMEOUT_MS },
    logger,
    handleSignals,
  );
  const requeuing = repeatEvery(settings.ALERT_REQUEUE_INTERVAL_SECONDS * 1000, async () => {
    try {
      const count = await requeueLost();
      metrics.requeued(count);
      if (count > 0) logger.info({ count }, "enqueued deliveries that Redis did not have");
    } catch (error) {
      logger.warn({ reason: describeError(error as Error) }, "could not look for lost deliveries");
    }
  });
  const forgetErased = createForgetErased(clickhouse, deliveryQueue);
  const forgetting = repeatEvery(settings.ALERT_FORGET_INTERVAL_SECONDS * 1000, async () => {
    try {
      const count = await forgetErased();
      if (count > 0) logger.info({ count }, "took away deliveries about erased clients");
    } catch (error) {
      logger.warn({ reason: describeError(error as Error) }, "could not look for erasures");
    }
  });
  const health = await serveHealth(settings, registry, async () => ({
    kafka: consumer.joined() ? undefined : "has not joined the consumer group yet",
    redis: redis.status === "ready" ? undefined : `connection is ${redis.status}`,
    clickhouse: (await clickhouse.ping({ select: true })).success ? undefined : "does not answer",
  }));
  await consumer.start();
  logger.info({ address: health.url, topic: topics.signals, consumers: consumers.map(({ name }) => name) }, "started");

  return {
    logger,
    address: health.url,
    failed: consumer.failed,
    async stop() {
      const deadline = setTimeout(() => stopping.abort(), stopGraceMs);
      const late = new Promise<"late">((done) => stopping.signal.addEventListener("abort", () => done("late")));
      const inOrder = async () => {
        await Promise.all([consumer.stop(), requeuing.stop(), forgetting.stop(), workers.stop()]);
        await deliveryQueue.close();
        await producer.disconnect();
      };
      const how = await Promise.race([inOrder(), late]);
      clearTimeout(deadline);
      if (how === "late") logger.warn({}, "stopped with work in hand: the next start does it");
      redis.disconnect();
      workersRedis.disconnect();
      await clickhouse.close();
      await health.close();
    },
  };
}
