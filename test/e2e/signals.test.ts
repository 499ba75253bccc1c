import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Alert, type Signal, signalSchema } from "@keypulse/contracts";
import {
  buildEvent,
  createTestWorkspace,
  eventually,
  type SentEvent,
  type ServiceProcess,
  seededRandom,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Orders of one client: about one every `everyDays`, in office hours, until `untilMs`. */
function orders(
  account: string,
  source: string,
  fromMs: number,
  untilMs: number,
  everyDays: number,
  seed: number,
): SentEvent[] {
  const random = seededRandom(seed);
  const events: SentEvent[] = [];
  for (let at = fromMs + random() * everyDays * dayMs; at < untilMs; at += everyDays * dayMs * (0.6 + 0.8 * random())) {
    const officeHours = Math.floor(at / dayMs) * dayMs + (8 + Math.floor(random() * 9)) * hourMs;
    if (officeHours >= untilMs) break;
    events.push(
      buildEvent("order.placed", {
        id: `${account}-${Math.floor(at)}`,
        source,
        occurred_at: new Date(officeHours).toISOString(),
        identifiers: { account_id: account },
        properties: { order_id: `${account}-${Math.floor(at)}`, amount: "100.00", currency: "EUR" },
      }),
    );
  }
  return events;
}

describe("signals", () => {
  let workspace: TestWorkspace;
  let ingest: ServiceProcess;
  let signals: ServiceProcess;
  let environment: Record<string, string>;
  const now = Date.now();
  const yearAgo = now - 400 * dayMs;

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    ingest = await startService("ingest", workspace.environment);
    const history: SentEvent[] = [];
    // Forty regular clients keep the source `shop` alive to the last hour; `quiet` stopped 60 days ago.
    for (let i = 0; i < 40; i++) history.push(...orders(`regular-${i}`, "shop", yearAgo, now, 4, i));
    const quiet = orders("quiet", "shop", yearAgo, now - 60 * dayMs, 4, 100);
    // Its buyer clicks on the days of its orders, under another identifier.
    const buyer = { email: "buyer@quiet.example" };
    history.push(buildEvent("identify", { identifiers: { ...buyer, account_id: "quiet" } }), ...quiet);
    for (const { occurred_at } of quiet)
      history.push(buildEvent("email.clicked", { identifiers: buyer, occurred_at, source: "shop" }));
    // `billed` stopped as `quiet` did, and is known by its invoices alone.
    for (const { id, occurred_at, source } of orders("billed", "shop", yearAgo, now - 60 * dayMs, 4, 100)) {
      const properties = { invoice_id: id, amount: "100.00", currency: "EUR" };
      const identifiers = { account_id: "billed" };
      history.push(buildEvent("invoice.issued", { id: `bill of ${id}`, source, occurred_at, identifiers, properties }));
    }
    // `fading` orders a tenth of what it did since ten weeks, but is never quite silent.
    history.push(
      ...orders("fading", "shop", yearAgo, now - 70 * dayMs, 1.2, 101),
      ...orders("fading", "shop", now - 70 * dayMs, now, 12, 102),
    );
    // Twenty clients are known through `broken` alone, which stopped sending 30 days ago.
    for (let i = 0; i < 20; i++)
      history.push(...orders(`behind-${i}`, "broken", yearAgo, now - 30 * dayMs, 3, 200 + i));
    for (let h = 1; h <= 3; h++) {
      history.push(
        buildEvent("order.placed", {
          source: "shop",
          occurred_at: new Date(now - h * hourMs).toISOString(),
          identifiers: { account_id: `regular-${h}` },
        }),
      );
    }
    // These stopped 10, 12, … days ago: some of them crossed their line within the last week.
    for (let days = 10; days <= 40; days += 2) {
      history.push(...orders(`stopped-${days}`, "shop", yearAgo, now - days * dayMs, 4, 300 + days));
    }
    history.push(buildEvent("group", { identifiers: { account_id: "quiet" }, traits: { name: "Quiet & Co" } }));
    for (let i = 0; i < 30; i++) {
      history.push(
        buildEvent("group", { identifiers: { account_id: `regular-${i}` }, traits: { industry: "joinery" } }),
      );
    }
    for (let i = 0; i < history.length; i += 2_000) await workspace.send(history.slice(i, i + 2_000));
    const often = { SIGNALS_FORECAST_CHECK_SECONDS: "1", SIGNALS_BUDGET_CHECK_SECONDS: "1" };
    environment = { ...workspace.environment, ...often };
    signals = await startService("signals", environment);
    await eventually(
      () => signals.metric("keypulse_signals_clients_evaluated_total"),
      (n) => n >= 78,
      20_000,
    );
  });
  afterAll(async () => {
    await signals?.stop();
    await ingest?.stop();
    await workspace?.close();
  });

  /** Findings of signals, one a row; `said` is what the whole signal says. */
  const stored = (where = "1") =>
    workspace.rows<{
      client_name: string;
      detector: string;
      channel: string;
      state: string;
      reason: string;
      said: string;
      crossed: number;
      money_at_stake: number;
      id: string;
    }>(
      `SELECT * FROM (
         SELECT id, client_name, state, s.reason AS said, JSONExtractString(f, 'detector') AS detector,
           JSONExtractString(f, 'channel') AS channel, JSONExtractString(f, 'reason') AS reason,
           JSONExtractFloat(f, 'money_at_stake') AS money_at_stake,
           parseDateTime64BestEffort(JSONExtractString(f, 'crossed_at'), 3, 'UTC') AS crossed_at,
           toUnixTimestamp64Milli(crossed_at) AS crossed
         FROM signals AS s FINAL ARRAY JOIN JSONExtractArrayRaw(findings) AS f
       ) WHERE ${where} ORDER BY client_name, detector, channel, id`,
    );

  it("finds the silence of a client that is known by its invoices alone", async () => {
    const found = await eventually(
      () => stored("client_name IN ('billed', 'Quiet & Co') AND detector = 'silence' AND channel = 'orders'"),
      (rows) => rows.length >= 2,
    );
    expect(found).toMatchObject([
      { client_name: "Quiet & Co", state: "raised" },
      { client_name: "billed", state: "raised" },
    ]);
  });

  it("compares clients with their industry, and the others with everybody", async () => {
    const weeks = await eventually(
      () =>
        workspace.rows<{ segment: string; weeks: number; least: number; most: number }>(
          `SELECT segment, toUInt32(count()) AS weeks, min(factor) AS least, max(factor) AS most FROM peer_weeks
           WHERE channel = 'orders' GROUP BY segment ORDER BY segment`,
        ),
      (rows) => rows.length > 0,
    );
    expect(weeks).toMatchObject([{ segment: "" }, { segment: "joinery" }]);
    const [all, joinery] = weeks as [(typeof weeks)[number], (typeof weeks)[number]];
    expect(all.weeks).toBeGreaterThan(50);
    // Everybody's weeks are pulled down by those who stopped; a joiner never stopped.
    expect(joinery.least).toBeGreaterThan(all.least);
    expect(joinery.most).toBeLessThan(2);
  });

  it("says who went silent, since when it is unusual, by how much and what is at stake", async () => {
    const [silence] = await eventually(
      () => stored("client_name = 'Quiet & Co' AND detector = 'silence' AND channel = 'orders'"),
      (rows) => rows.length > 0,
    );
    expect(silence).toMatchObject({ state: "raised" });
    expect(silence!.reason).toMatch(
      /^No order for (59|6\d) days \(last on \d{4}-\d\d-\d\d\), usually every 4(\.\d)? days: 1\d(\.\d)? times as long/,
    );
    expect(silence!.money_at_stake).toBeGreaterThan(8_000);
    expect(silence!.crossed).toBeLessThan(now - 20 * dayMs);
  });

  it("says whose activity dropped, and leaves regular clients alone", async () => {
    const rows = await stored("state = 'raised'");
    const named = new Set(rows.map((row) => row.client_name));
    expect(
      rows.find((row) => row.client_name === "fading" && row.detector === "activity_drop" && row.channel === "orders")
        ?.reason,
    ).toMatch(/^\d\d % fewer orders: \d(\.\d\d?)? a week .* usually [4-6]/);
    const regular = [...named].filter((name) => name.startsWith("regular"));
    // 40 clients, four findings each at a budget of 0.1 to 0.25 false alarms a client-year: open by chance are few.
    expect(regular.length).toBeLessThanOrEqual(4);
  });

  it("forecasts what clients will order", async () => {
    await eventually(
      () => signals.metric("keypulse_signals_forecast_clients"),
      (clients) => clients >= 78,
    );
    const rows = await workspace.rows<{ name: string }>(
      `SELECT c.name AS name FROM client_forecasts AS f INNER JOIN clients AS c ON c.client_id = f.client_id
       WHERE f.p_alive < 0.05 ORDER BY name`,
    );
    expect(rows.map(({ name }) => name)).toContain("Quiet & Co");
  });

  it("tells a broken source from silent clients", async () => {
    expect(await stored("client_name LIKE 'behind-%'")).toEqual([]);
    expect(await signals.metric("keypulse_signals_suspect_sources")).toBe(1);
  });

  it("publishes each signal on the topic, keyed by client", async () => {
    const consumer = workspace.kafka.consumer({ groupId: `${workspace.world.topicPrefix}look` });
    const found: { key: string; signal: Signal }[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: workspace.topics.signals, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        found.push({ key: message.key!.toString(), signal: signalSchema.parse(JSON.parse(message.value!.toString())) });
      },
    });
    const rows = await stored();
    await eventually(
      async () => found,
      (list) => new Set(list.map(({ signal }) => signal.id)).size === new Set(rows.map(({ id }) => id)).size,
    );
    await consumer.disconnect();
    expect(found.every(({ key, signal }) => key === signal.client_id)).toBe(true);
  });

  it("does not take ingest's delay for silence of clients, and hears a client that returns", async () => {
    await ingest.stop();
    const before = await stored();
    await workspace.send([
      buildEvent("order.placed", {
        source: "shop",
        occurred_at: new Date().toISOString(),
        identifiers: { account_id: "quiet" },
      }),
    ]);
    // Everything may be evaluated again, but only as of the time up to which the data is complete.
    await eventually(
      () => signals.metric("keypulse_signals_ingest_lag_messages"),
      (lag) => lag === 1,
    );
    await signals.stop();
    signals = await startService("signals", { ...environment, SIGNALS_LAG_TOLD_MINUTES: "0.05" });
    const told = (state: string) =>
      eventually(
        () =>
          workspace.rows<{ client_name: string; headline: string; reason: string; advice: string }>(
            `SELECT client_name, headline, reason, advice FROM signals FINAL WHERE subject = 'pipeline' AND state = '${state}'`,
          ),
        (rows) => rows.length > 0,
      );
    // Silence of alerts must not be taken for silence of trouble.
    expect(await told("raised")).toMatchObject([
      { client_name: "ingest", reason: expect.stringMatching(/1 event waits\. Alerts about clients wait/) },
    ]);
    expect((await stored()).filter(({ detector }) => detector !== "pipeline_lag")).toEqual(before);
    // A worker that begins anew knows nothing yet: it must not say that all is well.
    await signals.stop();
    signals = await startService("signals", environment);
    await eventually(
      () => signals.metric("keypulse_signals_ingest_lag_messages"),
      (lag) => lag === 1,
    );
    const saidOfPipeline = () => workspace.rows("SELECT id FROM signals FINAL WHERE subject = 'pipeline'");
    expect(await saidOfPipeline()).toHaveLength(1);

    ingest = await startService("ingest", workspace.environment);
    expect(await told("cleared")).toMatchObject([{ reason: "All that arrives is stored at once again." }]);
    // It ordered once: its silence is over, the drop is not.
    const [back] = await eventually(
      () => stored("client_name = 'Quiet & Co' AND said LIKE 'Ordered again on%'"),
      (rows) => rows.length > 0,
    );
    expect(back).toMatchObject({ state: "raised", detector: "activity_drop" });
  });

  it("works out deadlines again after Redis was emptied", async () => {
    const key = `${workspace.world.redisPrefix}{signals}:deadlines`;
    const before = await workspace.redis.zcard(key);
    expect(before).toBeGreaterThan(40);
    await workspace.redis.del(key);
    await eventually(
      () => workspace.redis.zcard(key),
      (n) => n === before,
    );
  });

  it("moves the detectors' lines when people set another budget, and says why", async () => {
    const lines = () =>
      workspace.rows<{
        detector: string;
        channel: string;
        budget: number;
        line: number;
        monitored: number;
        reason: string;
      }>(
        "SELECT detector, channel, budget, line, monitored, reason FROM detector_lines WHERE isNull(until) AND segment = '' AND detector IN ('activity_drop', 'silence') AND channel IN ('orders', 'all') ORDER BY detector, channel",
      );
    const before = await eventually(lines, (rows) => rows.length === 4);
    expect(before.map(({ detector, channel, budget }) => `${detector} ${channel} ${budget}`)).toEqual([
      "activity_drop all 0.25",
      "activity_drop orders 0.25",
      "silence all 0.1",
      "silence orders 0.1",
    ]);
    expect(before.find(({ detector }) => detector === "silence")!.monitored).toBeGreaterThan(30);
    // Twelve alerts about spend were all false, by people's word: its line is set for less than the budget.
    const judged = Array.from({ length: 12 }, () => randomUUID());
    const rows = async (table: string, values: object[]) =>
      await workspace.clickhouse.insert({ table, values, format: "JSONEachRow" });
    const [opened_at, recorded_at] = [now - 3 * dayMs, now - dayMs];
    await rows(
      "alerts",
      judged.map((id) => ({
        ...{ id, client_id: id, version: 1, state: "resolved", detector: "spend", channel: "orders", announced: true },
        ...{ cause: "smaller_orders", opened_at, updated_at: opened_at, crossed_at: opened_at, evidence: "{}" },
      })),
    );
    await rows(
      "alert_outcomes_log",
      judged.map((id) => ({ alert_id: id, client_id: id, outcome: "false", who: "ana", recorded_at })),
    );
    await workspace.clickhouse.insert({
      table: "settings",
      values: [
        {
          kind: "budget",
          id: "signals",
          version: 1,
          value: JSON.stringify({
            false_alarms: { silence: 0.2 },
            segments: [{ segment: "key", false_alarms: { activity_drop: 0.5 } }],
          }),
          deleted: 0,
          changed_by: "ana",
          changed_at: Date.now(),
        },
      ],
      format: "JSONEachRow",
    });
    const after = await eventually(lines, (rows) => rows.some(({ budget }) => budget === 0.2), 40_000);
    expect(after.find(({ detector }) => detector === "silence")).toMatchObject({
      budget: 0.2,
      reason: expect.stringMatching(/The budget was 0.1, it is 0.2\.$/),
    });
    const [spend] = await workspace.rows<{ budget: number; aim: number; reason: string }>(
      "SELECT budget, aim, reason FROM detector_lines WHERE isNull(until) AND segment = '' AND detector = 'spend'",
    );
    expect(spend!.aim).toBeCloseTo(spend!.budget / 2, 9);
    expect(spend!.reason).toMatch(
      /Of 12 alerts that people judged 12 were false or expected: 2 times what the line was set for/,
    );
    // A segment with a budget of its own has lines of its own, for as many as it has members: nobody here.
    expect(
      await workspace.rows(
        "SELECT detector, budget, monitored FROM detector_lines WHERE segment = 'key' AND channel = 'orders' AND detector IN ('activity_drop', 'silence') ORDER BY detector",
      ),
    ).toEqual([
      { detector: "activity_drop", budget: 0.5, monitored: 0 },
      { detector: "silence", budget: 0.2, monitored: 0 },
    ]);
    expect(after.filter(({ detector }) => detector === "activity_drop")).toEqual(
      before.filter(({ detector }) => detector === "activity_drop"),
    );
  });

  it("sends what is fresh to webhook consumers, signed, and tells them when it is over", async () => {
    const secret = `whsec_${Buffer.from("a secret of thirty-two bytes long").toString("base64")}`;
    const received: { type: string; data: Alert }[] = [];
    const server: Server = createServer(async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString("utf8");
      received.push(
        new Webhook(secret).verify(body, request.headers as Record<string, string>) as (typeof received)[number],
      );
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`;
    const alerts = await startService("alerts", {
      ...workspace.environment,
      ALERT_GROUP: `${workspace.world.topicPrefix}alerts`,
      ALERT_WEBHOOKS: JSON.stringify([{ name: "managers", url, secret }]),
      ALERT_WEBHOOK_ALLOW_PRIVATE: "true",
    });
    try {
      const silent = "detector = 'silence' AND channel = 'orders'";
      const isFresh = "dateDiff('second', crossed_at, now()) < 7 * 86400 - 60";
      const raised = await stored(`${silent} AND state = 'raised' AND client_name LIKE 'stopped-%'`);
      const fresh = await stored(`${silent} AND state = 'raised' AND client_name LIKE 'stopped-%' AND ${isFresh}`);
      expect(fresh.length).toBeGreaterThan(0);
      expect(fresh.length).toBeLessThan(raised.length);
      const isSilent = ({ data }: (typeof received)[number]) =>
        data.state === "open" &&
        data.findings.some(({ detector, channel }) => `${detector} ${channel}` === "silence orders");
      const isAbout = (name: string) => (call: (typeof received)[number]) => call.data.client_name === name;
      await eventually(
        async () =>
          fresh.every(({ client_name }) => received.some((call) => isAbout(client_name)(call) && isSilent(call))),
        (all) => all,
      );
      await eventually(
        () =>
          workspace.rows<{ n: number }>(
            "SELECT count() AS n FROM alerts_latest WHERE state = 'open' AND has(raised_by, ('silence', 'orders'))",
          ),
        ([row]) => row!.n >= raised.length,
      );
      expect(received.some(({ data }) => !data.announced)).toBe(false);

      const name = fresh[0]!.client_name;
      await workspace.send([
        buildEvent("order.placed", {
          source: "shop",
          occurred_at: new Date().toISOString(),
          identifiers: { account_id: name },
        }),
      ]);
      await eventually(
        async () => received.findLast(isAbout(name))!,
        (call) => !isSilent(call) && call.data.reason.startsWith("Ordered again on"),
      );
      const episodes = await workspace.rows<{ id: string }>(
        `SELECT DISTINCT id FROM alert_history WHERE client_name = '${name}' AND cause = 'less_activity'`,
      );
      expect(episodes).toHaveLength(1);
    } finally {
      await alerts.stop();
      server.close();
    }
  });
});
