import { randomUUID } from "node:crypto";
import { type SegmentChange, segmentChangeSchema } from "@keypulse/contracts";
import {
  createTestWorkspace,
  eventually,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PortfolioHistory } from "./outputs/portfolioHistory.ts";

const zeros = "00000000-0000-0000-0000-000000000000";
const [ana, ben, cleo] = ["a", "b", "c"].map((letter) => `${letter.repeat(8)}-aaaa-8aaa-8aaa-aaaaaaaaaaaa`);

/** The service as processes, two at once, on real engines; a chapter after the other. */
describe("segments", () => {
  let workspace: TestWorkspace;
  let instances: ServiceProcess[] = [];
  const told: SegmentChange[] = [];
  let stopReading: () => Promise<void>;

  const start = async (count: number): Promise<void> => {
    const environment = {
      ...workspace.environment,
      CLICKHOUSE_ANALYST_URL: workspace.world.analystUrl,
      SEGMENTS_EVALUATE_EVERY_SECONDS: "1",
      SEGMENTS_PORTFOLIO_EVERY_SECONDS: "3",
      SEGMENTS_LOCK_SECONDS: "2",
    };
    instances = await Promise.all(Array.from({ length: count }, () => startService("segments", environment)));
  };
  const kill = async (): Promise<void> => {
    await Promise.all(instances.map((instance) => instance.kill()));
    instances = [];
  };
  const insert = async (table: string, values: object[]): Promise<void> => {
    await workspace.clickhouse.insert({
      table,
      values,
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0, date_time_input_format: "best_effort" },
    });
  };
  let version = 0;
  const define = (id: string, condition: object | undefined): Promise<void> => {
    const now = new Date().toISOString();
    const value = { id, name: `Segment ${id}`, description: "", condition, created_at: now, updated_at: now };
    const deleted = condition === undefined;
    const row = { kind: "segment", id, version: ++version, deleted, changed_by: "test", changed_at: now };
    return insert("settings", [{ ...row, value: deleted ? "" : JSON.stringify(value) }]);
  };
  let offset = 0;
  const visit = (client: string, times: number): Promise<void> =>
    insert(
      "events",
      Array.from({ length: times }, () => ({
        ...{ client_key: client, occurred_at: new Date().toISOString(), received_at: new Date().toISOString() },
        ...{ event_id: String(offset), source: "web", kind: "web", type: "web.page_viewed", activity: true },
        ...{ topic: "t", offset: offset++, batch_date: "2026-01-01" },
      })),
    );
  const members = async (segment: string): Promise<string[]> =>
    (
      await workspace.rows<{ id: string }>(
        `SELECT client_id AS id FROM segment_members WHERE segment = '${segment}' ORDER BY id`,
      )
    ).map(({ id }) => id);
  const settled = (segment: string, ids: string[]) =>
    eventually(
      () => members(segment),
      (found) => JSON.stringify(found) === JSON.stringify(ids),
    );
  const news = (segment: string) =>
    told.filter((change) => change.segment === segment).map(({ client_id, change }) => `${change} ${client_id[0]}`);

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    const consumer = workspace.kafka.consumer({ groupId: `${workspace.world.topicPrefix}reader` });
    await consumer.connect();
    await consumer.subscribe({ topics: [workspace.topics.segments], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const change = segmentChangeSchema.parse(JSON.parse(message.value!.toString()));
        expect(message.headers!.ce_id!.toString()).toBe(change.id);
        told.push(change);
      },
    });
    stopReading = () => consumer.disconnect();
    await Promise.all([visit(ana!, 3), visit(ben!, 2), visit(cleo!, 1)]);
  });
  afterAll(async () => {
    await kill();
    await stopReading?.();
    await workspace?.close();
  });

  it("fill by SQL and by fields, and two instances tell each entry once", async () => {
    await define("often", { sql: "events >= 2 AND last_activity > now() - 86400" });
    await define("rare", {
      fields: {
        all: [
          { field: "events", op: "<", value: 2 },
          { field: "last_activity", op: "in the last days", value: 7 },
        ],
      },
    });
    await start(2);
    await settled("often", [ana!, ben!]);
    await settled("rare", [cleo!]);
    await eventually(
      async () => told.length,
      (count) => count === 3,
    );
    // Several more turns of both tell nothing more.
    const turns = async () =>
      (await Promise.all(instances.map((instance) => instance.metric("keypulse_segments_evaluated_total")))).reduce(
        (a, b) => a + b,
      );
    const before = await turns();
    await eventually(turns, (now) => now >= before + 6);
    expect(news("often").toSorted()).toEqual(["entered a", "entered b"]);
    expect(news("rare")).toEqual(["entered c"]);
  });

  it("show who came and went, and how large they were", async () => {
    await visit(cleo!, 1);
    await settled("often", [ana!, ben!, cleo!]);
    await settled("rare", []);
    expect(
      await workspace.rows("SELECT clients, entered, left FROM segment_sizes WHERE segment = 'rare' ORDER BY at"),
    ).toEqual([
      { clients: 1, entered: 1, left: 0 },
      { clients: 0, entered: 0, left: 1 },
    ]);
    expect(await workspace.rows("SELECT segment, name, clients FROM segments ORDER BY segment")).toEqual([
      { segment: "often", name: "Segment often", clients: 3 },
      { segment: "rare", name: "Segment rare", clients: 0 },
    ]);
    await eventually(
      async () => news("rare"),
      (list) => list.length === 2,
    );
  });

  const monthsAgo = (months: number): string => {
    const date = new Date();
    return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 10)).toISOString().slice(0, 10);
  };
  const order = (client_key: string, months: number, gross: number): Promise<void> =>
    insert("revenue_daily", [{ client_key, day: monthsAgo(months), currency: "EUR", orders: 1, gross }]);
  const history = () =>
    workspace.rows<{ month: string; client: string; abc: string; revenue: number }>(
      `SELECT toString(month) AS month, substring(toString(client_id), 1, 1) AS client, abc, toFloat64(revenue) AS revenue
        FROM portfolio_history ORDER BY month, place`,
    );
  const shown = async () => (await history()).map(({ client, abc, revenue }) => `${client} ${abc} ${revenue}`);
  const settledHistory = (rows: string[]) => eventually(shown, (found) => found.join() === rows.join());

  it("the portfolio of months that are over is kept, and computed anew where an order comes late", async () => {
    await Promise.all([order(ana!, 3, 100), order(ben!, 1, 900), order(cleo!, 0, 5)]);
    await settledHistory(["a A 100", "a A 100", "b A 900", "a B 100"]);
    expect(
      await workspace.rows(
        "SELECT name, measure, from_class, to_class FROM portfolio_moves_by_month WHERE measure = 'abc' ORDER BY value",
      ),
    ).toMatchObject([
      { from_class: "A", to_class: "B" },
      { from_class: "", to_class: "A" },
    ]);
    const computed = async (): Promise<number> => {
      const [row] = await workspace.rows<{ n: number }>("SELECT uniq(computed_at) AS n FROM portfolio_history_log");
      return row!.n;
    };
    // Three months, once each, whatever two instances do in several turns.
    expect(await computed()).toBe(3);
    await order(cleo!, 2, 50);
    await settledHistory(["a A 100", "a A 100", "c A 50", "b A 900", "a B 100", "c C 50"]);
    expect(await computed()).toBe(5);
    const differing = await workspace.rows(
      `SELECT client_id, place, revenue, abc, xyz, rfm FROM portfolio_history WHERE month = toStartOfMonth(now() - INTERVAL 1 MONTH)
        EXCEPT SELECT client_id, place, revenue, abc, xyz, rfm FROM portfolio_at(as_of = toStartOfMonth(toDate(now())) - 1)`,
    );
    expect(differing).toEqual([]);
    // An order that turns out to be none: the months are what they were, and say that they were computed anew.
    await insert("revenue_daily", [{ client_key: cleo, day: monthsAgo(2), currency: "EUR", orders: -1, gross: -50 }]);
    await settledHistory(["a A 100", "a A 100", "c C 0", "b A 900", "a B 100", "c C 0"]);
    expect(
      await workspace.rows(
        "SELECT toString(month) AS month, any(isNotNull(restated_at)) AS restated FROM portfolio_history GROUP BY month ORDER BY month",
      ),
    ).toMatchObject([{ restated: 0 }, { restated: 1 }, { restated: 1 }]);
    // In two rows, for ClickHouse takes the same row twice for a repeated insert.
    const part = { client_key: cleo, day: monthsAgo(2), currency: "EUR" };
    await insert("revenue_daily", [
      { ...part, orders: 1, gross: 20 },
      { ...part, orders: 0, gross: 30 },
    ]);
    await settledHistory(["a A 100", "a A 100", "c A 50", "b A 900", "a B 100", "c C 50"]);
  });

  it("a merge of clients is one leaving, and one client in all months", async () => {
    await insert(
      "identity_keys",
      [ana!, ben!].map((key) => ({ key, contact_id: zeros, client_key: key, version: 1 })),
    );
    await insert("identity_clients", [{ key: ana, client_id: ben, version: 1 }]);
    await settled("often", [ben!, cleo!]);
    await eventually(
      async () => news("often").at(-1),
      (last) => last === "left a",
    );
    await settledHistory(["b A 100", "b A 100", "c A 50", "b A 1000", "c C 50"]);
  });

  it("months whose orders retention took away stay as they were computed", async () => {
    const before = await history();
    const { clickhouse } = workspace;
    await clickhouse.command({ query: "ALTER TABLE revenue_daily MODIFY TTL day + toIntervalDay(60)" });
    const old = async (): Promise<number> => {
      await clickhouse.command({ query: "OPTIMIZE TABLE revenue_daily FINAL" });
      const [row] = await workspace.rows<{ n: number }>(
        "SELECT toUInt32(count()) AS n FROM revenue_daily WHERE day < today() - 60",
      );
      return row!.n;
    };
    await eventually(old, (rows) => rows === 0);
    expect(await new PortfolioHistory(clickhouse).stale()).toEqual([]);
    expect(await history()).toEqual(before);
  });

  it("a condition that can't be evaluated any more leaves its members as they are", async () => {
    await define("often", { sql: "column_that_went = 1" });
    const failed = async () =>
      (await Promise.all(instances.map(async (instance) => await instance.metric("keypulse_segments_evaluated_total"))))
        .length > 0 &&
      (await Promise.all(instances.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))).some((text) =>
        /outcome="failed"[^}]*} [1-9]/.test(text),
      );
    await eventually(failed, Boolean);
    expect(await members("often")).toEqual([ben, cleo]);
  });

  it("what was stored before a kill is told after it, under ids that stay the same", { timeout: 150_000 }, async () => {
    await kill();
    await define("often", { sql: "events >= 2" });
    const [dora, at] = [randomUUID(), new Date().toISOString()];
    // As a killed instance leaves it: stored, not told.
    await insert("segment_changes", [{ segment: "rare", client_id: dora, change: "entered", at, version: 1 }]);
    await start(1);
    const told1 = await eventually(
      async () => told.filter(({ client_id }) => client_id === dora),
      (list) => list.length === 2,
    );
    expect(told1.map(({ change }) => change)).toEqual(["entered", "left"]);

    // Killed after publishing and before noting it.
    await kill();
    const before = new Set(told.map(({ id }) => id));
    const count = told.length;
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE segment_announcements" });
    await start(1);
    await eventually(
      async () => told.length,
      (now) => now >= 2 * count,
      // A killed instance's turn is taken over after two of its locks, and a turn is long on a busy machine.
      60_000,
    );
    expect(new Set(told.map(({ id }) => id))).toEqual(before);
  });

  it("a deleted segment loses everybody, and says so", async () => {
    await define("often", undefined);
    await settled("often", []);
    await eventually(
      async () => news("often").slice(-2).toSorted(),
      (last) => last.join() === "left b,left c",
    );
    expect(await workspace.rows("SELECT segment FROM segments")).toEqual([{ segment: "rare" }]);
  });
});
