import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Signal } from "@keypulse/contracts";
import { describe, expect, onTestFinished, test } from "vitest";
import { EpisodeHistory, scopeOf } from "./domain/episodes.ts";
import { createAlertsWorld, eventually } from "./testing/alertsWorld.ts";
import { startReceiver } from "./testing/receiver.ts";
import { aSignal } from "./testing/signals.ts";

const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const clientOf = (number: number) => `${String(number).padStart(8, "0")}-1111-8111-8111-111111111111`;

describe("from signals to alerts", () => {
  test("an episode opens, is updated and resolved: in ClickHouse, on the topic and at the webhook", async () => {
    const world = await createAlertsWorld();
    const receiver = await startReceiver();
    const service = await world.start([receiver.consumer]);
    const crossed_at = at(-60);
    await world.send([
      aSignal({ crossed_at, detected_at: at(0) }),
      "no signal at all",
      aSignal({ crossed_at, detected_at: at(1) }),
      aSignal({ crossed_at, detected_at: at(2), reason: "Orders fell to 1 a week from 9", money_at_stake: 2_000 }),
    ]);
    await eventually(() => expect(receiver.received).toHaveLength(2));
    const reason = "Back at 82 % of the earlier level over the last four weeks";
    await world.send([aSignal({ state: "cleared", crossed_at, detected_at: at(3), reason, money_at_stake: 0 })]);
    await eventually(() => expect(receiver.received).toHaveLength(3));

    expect(receiver.faults).toEqual([]);
    expect(receiver.told().toSorted()).toEqual(["alert.opened 1", "alert.resolved 3", "alert.updated 2"]);
    expect(await world.versions()).toMatchObject([
      { version: 1, state: "open", money_at_stake: 1_000, announced: true },
      { version: 2, state: "open", money_at_stake: 2_000, reason: "Orders fell to 1 a week from 9" },
      { version: 3, state: "resolved", money_at_stake: 2_000, reason },
    ]);
    const published = await world.published(3);
    expect(published.map(({ alert }) => alert.version)).toEqual([1, 2, 3]);
    expect(published[2]).toMatchObject({
      key: published[0]!.alert.client_id,
      headers: { ce_specversion: "1.0", ce_type: "keypulse.alert.resolved", ce_subject: published[0]!.alert.id },
    });
    expect(new Set(published.map(({ headers }) => headers.ce_id)).size).toBe(3);
    expect(receiver.received.find(({ body }) => body.data.version === 3)?.body.data).toEqual(published[2]!.alert);

    const read = async (path: string) => (await fetch(service.address + path)).text();
    await eventually(async () => expect(JSON.parse(await read("/ready"))).toEqual({ status: "ready" }));
    const metrics = await read("/metrics");
    for (const line of [
      'signals_total{outcome="opened",service="alerts"} 1',
      'signals_total{outcome="unchanged",service="alerts"} 1',
      'signals_total{outcome="unusable",service="alerts"} 1',
      'versions_total{change="resolved",announced="true",service="alerts"} 1',
      'deliveries_total{consumer="crm",outcome="delivered",service="alerts"} 3',
      'queue_jobs{consumer="crm",state="delayed",service="alerts"} 0',
      'consumer_disabled{consumer="crm",service="alerts"} 0',
    ]) {
      expect(metrics).toContain(`keypulse_alerts_${line}`);
    }
    expect(metrics).toMatch(/keypulse_alerts_lag_messages\{.*partition="0".*\} 0/);
  });

  test("what crossed its line long ago is stored and published, and sent to nobody", async () => {
    const world = await createAlertsWorld();
    const receiver = await startReceiver();
    await world.start([receiver.consumer]);
    const old = { client_id: clientOf(1), crossed_at: at(-8 * 24 * 60) };
    await world.send([
      aSignal({ ...old, detected_at: at(0) }),
      aSignal({ ...old, detected_at: at(1), reason: "worse" }),
      aSignal({ ...old, detected_at: at(2), state: "cleared" }),
      aSignal({ client_id: clientOf(2), detected_at: at(3) }),
    ]);
    const published = await world.published(4);
    expect(published.filter(({ alert }) => !alert.announced).map(({ alert }) => alert.version)).toEqual([1, 2, 3]);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]!.body.data.client_id).toBe(clientOf(2));
    // The receiver hears of it before the attempt is recorded.
    await eventually(async () => expect(await world.deliveries()).toHaveLength(1));
  });

  test("the worst by money at stake are told first", async () => {
    const world = await createAlertsWorld({ ALERT_WEBHOOK_CONCURRENCY: "1" });
    const receiver = await startReceiver();
    const money = [30, 4_000, 500, 70_000, 0, 501];
    await world.send(money.map((money_at_stake, index) => aSignal({ client_id: clientOf(index), money_at_stake })));
    await world.start([receiver.consumer]);
    const published = await world.published(money.length);
    await eventually(() => expect(receiver.received).toHaveLength(money.length));
    const worstFirst = [70_000, 4_000, 501, 500, 30, 0];
    expect(published.map(({ alert }) => alert.money_at_stake)).toEqual(worstFirst);
    expect(receiver.received.map(({ body }) => body.data.money_at_stake)).toEqual(worstFirst);
  });

  test("a consumer hears of its detectors, and of an episode's end where it heard of its beginning", async () => {
    const world = await createAlertsWorld();
    const all = await startReceiver({ name: "all" });
    const large = await startReceiver({ name: "large" });
    const silence = await startReceiver({ name: "silence" });
    await world.start([
      all.consumer,
      { ...large.consumer, min_money: 900 },
      { ...silence.consumer, detectors: ["silence"] },
    ]);
    const drop = { client_id: clientOf(1), crossed_at: at(-60) };
    await world.send([
      aSignal({ ...drop, detected_at: at(0), money_at_stake: 1_000 }),
      aSignal({ ...drop, detected_at: at(1), money_at_stake: 800 }),
      aSignal({ ...drop, detected_at: at(2), state: "cleared" }),
      aSignal({ client_id: clientOf(2), detector: "silence", money_at_stake: 100 }),
    ]);
    await eventually(() => expect(all.received).toHaveLength(4));
    await eventually(async () => expect(await world.deliveries()).toHaveLength(8));
    expect(large.told().toSorted()).toEqual(["alert.opened 1", "alert.resolved 3", "alert.updated 2"]);
    expect(silence.received.map(({ body }) => body.data.client_id)).toEqual([clientOf(2)]);
  });
});

test("stopped and started again, the group goes on where it was", async () => {
  const world = await createAlertsWorld();
  const first = await world.start([]);
  await world.send([aSignal({ client_id: clientOf(1) })]);
  await world.published(1);
  await first.stop();
  await world.start([]);
  await world.send([aSignal({ client_id: clientOf(2) })]);
  const published = await world.published(2);
  expect(published.map(({ alert }) => alert.client_id)).toEqual([clientOf(1), clientOf(2)]);
});

describe("after a crash", () => {
  /** Many episodes of ten clients, told apart by id; each is found in turn. */
  const story = (steps: number): Signal[] =>
    Array.from({ length: steps }, (_, step) => {
      const client = step % 10;
      const round = Math.floor(step / 10);
      return aSignal({
        client_id: clientOf(client),
        detected_at: at(step / 60),
        crossed_at: at((Math.floor(round / 4) * 40 - 60) / 60),
        state: round % 4 === 3 ? "cleared" : "raised",
        reason: `round ${round % 4 === 2 ? round - 1 : round}`,
        money_at_stake: 100 * (client + 1),
      });
    });

  /** What pure functions make of it. */
  function expectedOf(signals: readonly Signal[]): string[] {
    const histories = new Map(signals.map((signal) => [scopeOf(signal), new EpisodeHistory()]));
    const made = signals.map((signal) => histories.get(scopeOf(signal))!.apply(signal, { freshDays: 7 }));
    return made
      .flatMap(({ version }) => (version ? [`${version.id} ${version.version} ${version.reason}`] : []))
      .sort();
  }

  test("everything done again makes the same versions and no second delivery", async () => {
    const world = await createAlertsWorld();
    const receiver = await startReceiver();
    const signals = story(80);
    const expected = expectedOf(signals);
    const first = await world.start([receiver.consumer]);
    await world.send(signals);
    await eventually(() => expect(receiver.received).toHaveLength(expected.length));
    await eventually(async () => expect(await world.deliveries()).toHaveLength(expected.length));
    await first.stop();

    // Another group knows of no commit, as after a crash before the very first one; Redis forgets its ended jobs.
    await world.start([receiver.consumer], {
      ALERT_GROUP: `${world.environment.ALERT_GROUP}-again`,
      REDIS_PREFIX: `${world.environment.REDIS_PREFIX}again:`,
    });
    const published = await world.published(expected.length * 2);
    expect(new Set(published.map(({ headers }) => headers.ce_id)).size).toBe(expected.length);
    await world.send([aSignal({ client_id: clientOf(99), detected_at: at(100) })]);
    await eventually(() => expect(receiver.received.at(-1)?.body.data.client_id).toBe(clientOf(99)));

    const versions = await world.versions();
    const others = versions.filter(({ reason }) => reason.startsWith("round"));
    expect(others.map(({ id, version, reason }) => `${id} ${version} ${reason}`).sort()).toEqual(expected);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(expected.length + 1);
  });

  test("killed at any moment, again and again: the same versions, each delivered", async () => {
    const world = await createAlertsWorld({ LOG_LEVEL: "info" });
    const receiver = await startReceiver();
    const signals = story(160);
    const expected = expectedOf(signals);
    for (let life = 0; life < 2; life++) {
      const child = spawn(process.execPath, [new URL("main.ts", import.meta.url).pathname], {
        // A group a life spares waiting for the dead member's session to end, and has more to do again.
        env: {
          PATH: process.env.PATH,
          ...world.environment,
          ALERT_GROUP: `${world.environment.ALERT_GROUP}-${life}`,
          ALERT_WEBHOOKS: JSON.stringify([receiver.consumer]),
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      const joined = new Promise<void>((done, fail) => {
        child.once("exit", (code) => fail(new Error(`the service ended with ${code}`)));
        child.stdout.on("data", (text: Buffer) => {
          if (text.includes("joined the group")) done();
        });
      });
      await world.send(signals.slice(life * 60, (life + 1) * 60));
      await joined;
      const heard = receiver.received.length;
      await eventually(() => expect(receiver.received.length).toBeGreaterThan(heard + 3 * life));
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    // Jobs that the dead held are free when their locks end, half a minute later; an empty Redis spares the wait.
    await world.start([receiver.consumer], {
      LOG_LEVEL: "silent",
      ALERT_GROUP: `${world.environment.ALERT_GROUP}-last`,
      REDIS_PREFIX: `${world.environment.REDIS_PREFIX}last:`,
    });
    await world.send(signals.slice(120));
    await eventually(async () => {
      const delivered = (await world.deliveries()).filter(({ outcome }) => outcome === "delivered");
      const versionsOf = delivered.map(({ alert_id, version }) => `${alert_id} ${version}`);
      expect(new Set(versionsOf).size).toBe(expected.length);
      expect(versionsOf).toHaveLength(expected.length);
    });
    const versions = await world.versions();
    expect(versions.map(({ id, version, reason }) => `${id} ${version} ${reason}`).sort()).toEqual(expected);
    expect(receiver.faults).toEqual([]);
    // Only what was in flight when the process died may come twice, under its webhook-id.
    const twice = receiver.received.length - expected.length;
    expect(twice).toBeLessThanOrEqual(2 * 5);
  });
});
