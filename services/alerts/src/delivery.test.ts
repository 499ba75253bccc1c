import { connectRedis, silentLogger } from "@keypulse/engines";
import { createTestWorld, ownEngines } from "@keypulse/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { readAlertsConfig } from "./config.ts";
import { EpisodeHistory } from "./domain/episodes.ts";
import { createDeliveryWorkers } from "./inputs/deliveryWorkers.ts";
import { DeliveryQueue } from "./outputs/deliveryQueue.ts";
import { createAlertsWorld, eventually } from "./testing/alertsWorld.ts";
import { startReceiver, testSecret } from "./testing/receiver.ts";
import { aSignal } from "./testing/signals.ts";

const clientOf = (number: number) => `${String(number).padStart(8, "0")}-1111-8111-8111-111111111111`;
const quick = { ALERT_RETRY_SCHEDULE_SECONDS: "0,0.05,0.1,0.2" };

describe("a delivery", () => {
  test("is tried until the receiver takes it, under one webhook-id, not before its Retry-After", async () => {
    const world = await createAlertsWorld(quick);
    const receiver = await startReceiver({
      answer: (response, count) => {
        if (count === 1) response.writeHead(500).end("no");
        else if (count === 2) response.writeHead(429, { "retry-after": "1" }).end();
        else response.writeHead(204).end();
      },
    });
    await world.start([receiver.consumer]);
    await world.send([aSignal()]);
    await eventually(async () => expect(await world.deliveries()).toHaveLength(3));

    const [first, second, third] = receiver.received;
    expect(receiver.faults).toEqual([]);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(50);
    expect(third!.at - second!.at).toBeGreaterThanOrEqual(1_000);
    expect(await world.deliveries()).toMatchObject([
      { consumer: "crm", version: 1, attempt: 1, outcome: "retry", status: 500, detail: "HTTP 500" },
      { attempt: 2, outcome: "retry", status: 429 },
      { attempt: 3, outcome: "delivered", status: 204, detail: "" },
    ]);
  });

  test("has failed when the schedule ends, and is not begun again", async () => {
    const world = await createAlertsWorld(quick);
    const receiver = await startReceiver({ answer: (response) => response.writeHead(500).end() });
    const service = await world.start([receiver.consumer]);
    await world.send([aSignal()]);
    const outcomes = async () => (await world.deliveries()).map(({ outcome }) => outcome);
    const all = ["retry", "retry", "retry", "failed"];
    await eventually(async () => expect(await outcomes()).toEqual(all));
    await service.stop();
    // Not even by a service that finds an empty Redis: its first look is over when another alert came through.
    await world.start([receiver.consumer], { REDIS_PREFIX: `${world.environment.REDIS_PREFIX}other:` });
    await world.send([aSignal({ client_id: clientOf(2) })]);
    await eventually(async () => expect(await outcomes()).toEqual([...all, ...all]));
  });

  test("answered 410 disables its consumer and nobody else; a new URL enables it again", async () => {
    const world = await createAlertsWorld(quick);
    const gone = await startReceiver({ name: "gone", answer: (response) => response.writeHead(410).end() });
    const other = await startReceiver({ name: "other" });
    const first = await world.start([gone.consumer, other.consumer]);
    await world.send([aSignal({ client_id: clientOf(1) })]);
    await eventually(async () => expect(await world.deliveries()).toHaveLength(2));
    await world.send([aSignal({ client_id: clientOf(2) })]);
    await eventually(async () => expect(await world.deliveries()).toHaveLength(4));

    expect(gone.received).toHaveLength(1);
    expect(other.received).toHaveLength(2);
    const rows = (await world.deliveries()).filter(({ consumer }) => consumer === "gone");
    expect(rows).toMatchObject([
      { outcome: "disabled", status: 410 },
      { outcome: "disabled", status: 0 },
    ]);
    const metrics = await (await fetch(`${first.address}/metrics`)).text();
    expect(metrics).toContain('consumer_disabled{consumer="gone",service="alerts"} 1');
    expect(metrics).toContain('consumer_disabled{consumer="other",service="alerts"} 0');
    await first.stop();

    const moved = await startReceiver({ name: "gone" });
    await world.start([moved.consumer, other.consumer]);
    await world.send([aSignal({ client_id: clientOf(3) })]);
    await eventually(() => expect(moved.received).toHaveLength(1));
  });

  test("goes to no private address unless the setting allows it", async () => {
    const world = await createAlertsWorld({ ...quick, ALERT_WEBHOOK_ALLOW_PRIVATE: "false" });
    const receiver = await startReceiver();
    const byName = {
      ...receiver.consumer,
      name: "by-name",
      url: receiver.consumer.url.replace("127.0.0.1", "localhost"),
    };
    await world.start([receiver.consumer, byName]);
    await world.send([aSignal()]);
    await eventually(async () => {
      const ended = (await world.deliveries()).filter(({ outcome }) => outcome === "failed");
      expect(ended.map(({ consumer }) => consumer).toSorted()).toEqual(["by-name", "crm"]);
      expect(ended.every(({ detail }) => detail.includes("private"))).toBe(true);
    });
    expect(receiver.received).toEqual([]);
    expect(receiver.faults).toEqual([]);
  });
});

describe("after FLUSHALL", () => {
  test("what waited is found again where its schedule stood, what was delivered is not sent again", async () => {
    const redis = await ownEngines({ need: ["redis"] });
    onTestFinished(redis.stop);
    const world = await createAlertsWorld({
      REDIS_URL: redis.redisUrl,
      ALERT_RETRY_SCHEDULE_SECONDS: "0,0.05,3600,0.05",
    });
    let broken = true;
    const receiver = await startReceiver({
      answer: (response, _count, { body }) =>
        response.writeHead(broken && body.data.client_id === clientOf(2) ? 503 : 204).end(),
    });
    const service = await world.start([receiver.consumer]);
    await world.send([aSignal({ client_id: clientOf(1) }), aSignal({ client_id: clientOf(2) })]);
    await eventually(async () => expect(await world.deliveries()).toHaveLength(3));
    broken = false;

    const admin = connectRedis({ REDIS_URL: redis.redisUrl, REDIS_PREFIX: "" }, "test", silentLogger);
    onTestFinished(() => admin.disconnect());
    await admin.flushall();
    await admin.script("FLUSH");

    const waiting = async () =>
      (await (await fetch(`${service.address}/metrics`)).text()).match(/requeued_total.* (\d+)/)?.[1];
    await eventually(async () => expect(await waiting()).toBe("1"));
    await world.send([aSignal({ client_id: clientOf(4) })]);
    await eventually(() => expect(receiver.received).toHaveLength(4));

    // The third try is due in an hour, as before: a service with a shorter schedule makes it at once.
    await service.stop();
    await admin.flushall();
    await world.start([receiver.consumer], { ALERT_RETRY_SCHEDULE_SECONDS: "0,0.05,0.1,0.05" });
    await eventually(() => expect(receiver.received).toHaveLength(5));
    await world.send([aSignal({ client_id: clientOf(3) })]);
    await eventually(async () => expect(await world.deliveries()).toHaveLength(6));
    const rows = (await world.deliveries()).map(({ attempt, outcome }) => `${attempt} ${outcome}`);
    expect(rows.toSorted()).toEqual([...Array(3).fill("1 delivered"), "1 retry", "2 retry", "3 delivered"]);
  });
});

test("a job whose worker died is taken up by another, which asks first whether it was delivered", async () => {
  const world = await createTestWorld();
  const settings = readAlertsConfig(world.environment);
  const redis = connectRedis(settings, "test", silentLogger);
  onTestFinished(() => redis.disconnect());
  const consumers = [{ name: "crm", url: "http://crm.example", secret: testSecret }];
  const queue = new DeliveryQueue(redis, settings.REDIS_PREFIX, consumers, silentLogger);
  const alert = new EpisodeHistory().apply(aSignal(), { freshDays: 7 }).version!;
  const workersThat = (deliver: Parameters<typeof createDeliveryWorkers>[4]) =>
    createDeliveryWorkers(
      redis,
      consumers,
      { redisPrefix: settings.REDIS_PREFIX, concurrency: 1, lockMs: 300 },
      silentLogger,
      deliver,
    );

  let taken = false;
  const dying = workersThat(() => {
    taken = true;
    return new Promise(() => {});
  });
  await queue.enqueue([{ alert, peakMoney: 0, again: false }]);
  await queue.enqueue([{ alert, peakMoney: 0, again: false }]);
  await eventually(() => expect(taken).toBe(true));
  await dying.abandon();

  const asked: boolean[] = [];
  const living = workersThat(async ({ checkFirst, attempt }) => {
    asked.push(checkFirst);
    expect(attempt).toBe(1);
    return { outcome: "ended_before" };
  });
  onTestFinished(() => living.stop());
  await eventually(async () => {
    expect(asked).toEqual([true]);
    expect((await queue.depths()).map(({ jobs }) => jobs)).toEqual([0, 0, 0]);
  });
  await queue.close();
});
