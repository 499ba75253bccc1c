import { setTimeout as sleep } from "node:timers/promises";
import { connectClickHouse } from "@keypulse/engines";
import { identifierKey } from "@keypulse/identity";
import { freePorts, type NativeEngine } from "@keypulse/infra";
import {
  buildEvent,
  createTestWorkspace,
  type EngineAddresses,
  eventually,
  type OwnCluster,
  ownCluster,
  startService,
} from "@keypulse/testkit";
import { personalTables } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { runFaults } from "../faults/scenario.ts";

/** Set KEYPULSE_FAULTS_SEED to repeat a run. */
const seed = Number(process.env.KEYPULSE_FAULTS_SEED ?? Math.floor(Math.random() * 1_000_000));

/** Views whose rows come of both shards, and that join such with what is on the first alone. */
const views = [
  "clients",
  "contacts",
  "orders",
  "timeline",
  "identities",
  "activity_by_week",
  "sources",
  "identity_ledger",
];
const patientMs = 360_000;

describe("two ClickHouse servers as shards", () => {
  let cluster: OwnCluster;
  let engines: EngineAddresses;
  beforeAll(async () => {
    cluster = await ownCluster([
      { shard: 1, replica: "a" },
      { shard: 2, replica: "a" },
    ]);
    const [first] = cluster.nodes;
    engines = { ...inject("engines"), clickhouseUrl: first!.url, analystUrl: first!.analystUrl };
  });
  afterAll(() => cluster?.stop());

  /** First the server that is not asked dies, so that halves of inserts fail; then the one that is. */
  const bothServers = (): NativeEngine => {
    const [first, other] = cluster.nodes.map(({ native }) => native) as [NativeEngine, NativeEngine];
    return {
      ...first,
      kill: async () => {
        await other.kill();
        await sleep(1_000);
        await Promise.all([first.kill(), other.start()]);
      },
      start: () => first.start(),
    };
  };

  it(
    `count every event once through kills of workers and of both servers (seed ${seed})`,
    async () => {
      const own = { ...engines, native: { clickhouse: bothServers() }, stop: async () => {} };
      const report = await runFaults(own, {
        seed,
        events: 1_200,
        duplicates: 0.05,
        kills: 1,
        clients: 80,
        clickhouseAwayMs: 500,
        settings: cluster.environment,
      });
      expect(report.events).toBeGreaterThan(1_200);
      expect(report).toMatchObject({ rejected: 0, duplicates: report.messages - report.events });
    },
    patientMs,
  );

  it(
    "answer one question together, whichever is asked, and forget a person on both",
    async () => {
      const workspace = await createTestWorkspace({ engines, settings: cluster.environment });
      onTestFinished(() => workspace.close());
      const token = "test-token-of-at-least-20-characters";
      const [port] = await freePorts(1);
      const services = await Promise.all([
        startService("ingest", workspace.environment),
        startService("console", {
          ...workspace.environment,
          CONSOLE_PORT: String(port),
          KEYPULSE_API_TOKEN: token,
          KEYPULSE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
          ERASURE_WAIT_SECONDS: "6",
          ERASURE_ANSWER_SECONDS: "0",
        }),
      ]);
      onTestFinished(async () => void (await Promise.all(services.map((service) => service.stop()))));
      const shards = cluster.nodes.map(({ url }) =>
        connectClickHouse({ CLICKHOUSE_URL: url, CLICKHOUSE_DATABASE: workspace.world.database }, "keypulse-test"),
      );
      onTestFinished(async () => void (await Promise.all(shards.map((shard) => shard.close()))));
      const onEach = async (query: string) =>
        await Promise.all(
          shards.map(async (shard) => {
            const result = await shard.query({ query, format: "JSONEachRow" });
            return Number((await result.json<{ n: string }>())[0]!.n);
          }),
        );

      // Pages that she saw in several browsers before she said who she is: keys of their own, on either shard.
      const browsers = ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"];
      const hers = browsers.flatMap((browser) => [
        buildEvent("web.page_viewed", { identifiers: { anonymous_id: browser } }),
        buildEvent("identify", {
          identifiers: { email: "ana@home.example", anonymous_id: browser },
          traits: { name: "Ana" },
        }),
      ]);
      const companies = Array.from({ length: 20 }, (_, number) => `company-${number}`);
      const orders = companies.map((company) =>
        buildEvent("order.placed", {
          identifiers: { account_id: company },
          properties: {
            order_id: `o-${company}`,
            amount: "12.50",
            currency: "EUR",
            items: [{ sku: "A", quantity: 1, unit_price: "12.50" }],
          },
        }),
      );
      await workspace.send([...hers, ...orders]);
      await workspace.untilIngested();
      const clients = () =>
        workspace.rows<{ account: string; orders: number; revenue: string; events: number }>(
          `SELECT account_id AS account, orders, toString(revenue_gross) AS revenue, events FROM clients ORDER BY length(account), account`,
        );
      const ofCompanies = companies.map((account) => ({ account, orders: 1, revenue: "12.5", events: 1 }));
      const all = [{ account: "", orders: 0, revenue: "0", events: hers.length }, ...ofCompanies];
      expect(await clients()).toEqual(all);
      for (const table of ["events", "activity_daily", "revenue_daily", "client_orders", "client_totals"]) {
        for (const rows of await onEach(`SELECT count() AS n FROM ${table}_local`)) expect(rows).toBeGreaterThan(0);
      }
      expect(await onEach("SELECT count() AS n FROM events")).toEqual([36, 36]);

      const analysts = cluster.nodes.map(({ analystUrl }) =>
        connectClickHouse(
          { CLICKHOUSE_URL: analystUrl, CLICKHOUSE_DATABASE: workspace.world.database },
          "keypulse-test",
        ),
      );
      onTestFinished(async () => void (await Promise.all(analysts.map((analyst) => analyst.close()))));
      for (const view of views) {
        const [one, other] = await Promise.all(
          analysts.map(async (analyst) => {
            const result = await analyst.query({ query: `SELECT * FROM ${view}`, format: "JSONStringsEachRow" });
            return (await result.json()).map((row) => JSON.stringify(row)).sort();
          }),
        );
        expect(one!.length, view).toBe(other!.length);
        if (["clients", "contacts", "orders", "identities", "activity_by_week"].includes(view)) {
          expect(one, view).toEqual(other);
          expect(one, view).not.toEqual([]);
        }
      }

      const keys = [
        ...browsers.map((browser) => identifierKey("anonymous_id", browser)),
        identifierKey("email", "ana@home.example"),
      ];
      const tracesOf = async () => {
        const traces: string[] = [];
        for (const { table } of personalTables) {
          const any = [...keys, "ana@home.example"].map((text) => `position(row, '${text}') > 0`).join(" OR ");
          const counts = await onEach(
            `SELECT count() AS n FROM (SELECT toString(tuple(*)) AS row FROM ${table}_local) WHERE ${any}`,
          );
          traces.push(...counts.flatMap((rows, shard) => (rows > 0 ? `${table} on shard ${shard + 1}` : [])));
        }
        return traces;
      };
      const of = (table: string) => [1, 2].map((shard) => `${table} on shard ${shard}`);
      expect(await tracesOf()).toEqual(
        expect.arrayContaining([...of("events"), ...of("activity_daily"), ...of("client_totals")]),
      );
      const api = `http://127.0.0.1:${port}/v1/privacy/erasures`;
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-keypulse-user": "dpo",
      };
      const body = JSON.stringify({ identifier: "email:ana@home.example", reason: "asked for it" });
      const { id } = (await (await fetch(api, { method: "POST", headers, body })).json()) as { id: string };
      await eventually(
        async () => (await (await fetch(`${api}/${id}`, { headers })).json()) as { state: string },
        ({ state }) => state === "done",
        40_000,
      );
      expect(await tracesOf()).toEqual([]);
      expect(await clients()).toEqual(ofCompanies);
    },
    patientMs,
  );
});
