import { createLogger, createMetrics } from "@keypulse/service-kit";
import { createTestWorkspace, eventually, seededRandom, type TestWorkspace } from "@keypulse/testkit";
import { fillSubject, personalTables } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSignalsConfig } from "./config.ts";
import { startForecasting } from "./forecasting.ts";
import { createReadSegments } from "./inputs/clientSegments.ts";

const dayMs = 86_400_000;
const noon = Math.floor(Date.now() / dayMs) * dayMs + dayMs / 2;
const random = seededRandom(20);
const exponential = (mean: number): number => -mean * Math.log(1 - random());
const keyOf = (kind: string, number: number): string =>
  `${kind}${String(number).padStart(7, "0")}-0000-4000-8000-000000000000`;
let offset = 0;

const order = (client_key: string, daysAgo: number) => ({
  topic: "events.order",
  partition: 0,
  offset: offset++,
  received_at: noon - daysAgo * dayMs,
  batch_date: new Date(noon - daysAgo * dayMs).toISOString().slice(0, 10),
  source: "shop",
  client_key,
  contact_key: client_key,
  occurred_at: noon - daysAgo * dayMs,
  event_id: `order-${offset}`,
  kind: "order",
  type: "order.placed",
  activity: true,
  revenue_sign: 1,
  order_id: `o-${offset}`,
  amount: (80 + 40 * random()).toFixed(2),
  currency: "EUR",
});

/** Every two weeks or so. */
function regular(key: string, fromDaysAgo: number, untilDaysAgo: number) {
  const orders = [];
  for (let ago = fromDaysAgo; ago >= untilDaysAgo; ago -= 11 + Math.floor(7 * random())) orders.push(order(key, ago));
  return orders;
}

/** A client of the MBG/NBD: buys at a rate of its own, leaves after one order in eight. */
function drawn(key: string) {
  const meanGap = 10 + exponential(40);
  const orders = [];
  for (let ago = 30 + Math.floor(670 * random()); ago >= 1; ago -= 1 + Math.floor(exponential(meanGap))) {
    orders.push(order(key, ago));
    if (random() < 1 / 8) break;
  }
  return orders;
}

interface Forecast {
  client_id: string;
  p_alive: number;
  caution: string;
  expected_orders: number;
  expected_value: number;
  value_low: number;
  value_high: number;
  order_days: number;
  last_order_day: string;
  usual_gaps: number;
}

describe("forecasts of clients", () => {
  let workspace: TestWorkspace;
  let service: Awaited<ReturnType<typeof startForecasting>>;
  const insert = async (table: string, values: object[]) => {
    await workspace.clickhouse.insert({ table, values, format: "JSONEachRow" });
    if (table === "events") await workspace.settleOrders();
  };
  const forecasts = () =>
    workspace.rows<Forecast>(
      `SELECT * REPLACE (toFloat64(expected_value) AS expected_value, toFloat64(value_low) AS value_low, toFloat64(value_high) AS value_high)
       FROM client_forecasts ORDER BY client_id`,
    );
  const model = () =>
    eventually(
      () =>
        workspace.rows<{ as_of: string; model: string; version: number }>(
          "SELECT * FROM churn_models WHERE segment = ''",
        ),
      (rows) => rows.length > 0,
      15_000,
    );
  const recent = Array.from({ length: 20 }, (_, i) => keyOf("a", i));
  const gone = Array.from({ length: 20 }, (_, i) => keyOf("b", i));
  const [account, buyer, formerAccount] = [keyOf("c", 0), keyOf("c", 1), keyOf("c", 2)];
  const nobody = "00000000-0000-0000-0000-000000000000";

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    // Orders of the buyer belong to the account now, those of more than 300 days ago to the employer of then.
    await insert("identity_keys", [
      { key: account, contact_id: nobody, client_key: account, version: 1, eras: [] },
      { key: formerAccount, contact_id: nobody, client_key: formerAccount, version: 1, eras: [] },
      {
        key: buyer,
        contact_id: buyer,
        client_key: account,
        version: 1,
        eras: [
          { since: 0, client_key: formerAccount },
          { since: noon - 300 * dayMs, client_key: account },
        ],
      },
    ]);
    await insert("events", [
      ...recent.flatMap((key) => regular(key, 365 + Math.floor(5 * random()), 2)),
      ...gone.flatMap((key) => regular(key, 600, 330)),
      ...Array.from({ length: 250 }, (_, i) => drawn(keyOf("d", i))).flat(),
      ...[320, 310, 40, 20].map((ago) => order(buyer, ago)),
      // Two orders of one day are one; the running day is not looked at.
      ...[60, 20, 0].map((ago) => order(account, ago)),
    ]);
    // Bakers are the regular ones and some more, of cranes there are a few.
    const industryOf = new Map([
      ...[...recent, ...gone, ...Array.from({ length: 40 }, (_, i) => keyOf("d", i))].map(
        (key) => [key, "bakery"] as const,
      ),
      ...Array.from({ length: 6 }, (_, i) => [keyOf("d", 100 + i), "cranes"] as const),
    ]);
    await insert(
      "client_traits",
      [...industryOf].map(([subject_key, industry]) => ({
        ...{ subject_key, subject: "client", trait: "industry", value: JSON.stringify(industry), source: "crm" },
        occurred_at: noon - 100 * dayMs,
      })),
    );
    const settings = readSignalsConfig({
      ...workspace.environment,
      SIGNALS_FORECAST_CHECK_SECONDS: "1",
      SIGNALS_WEEK_GRACE_MINUTES: "0",
    });
    service = await startForecasting(settings, {
      ...{ clickhouse: workspace.clickhouse, redis: workspace.redis },
      readSegments: createReadSegments(workspace.clickhouse, settings.SIGNALS_SEGMENT_BY),
      ...{ registry: createMetrics("signals"), logger: createLogger("signals", "error") },
      completeUntilMs: () => noon,
    });
  });
  afterAll(async () => {
    await service?.stop();
    await workspace?.close();
  });

  it("tells who is still there, and what to expect of them", async () => {
    const [fit] = await model();
    expect(fit).toMatchObject({ version: 1, segment: "", clients: 292, as_of: dayText(1) });
    const rows = new Map((await forecasts()).map((row) => [row.client_id, row]));
    expect(rows.size).toBe(292);
    for (const row of rows.values()) {
      const numbers = [
        row.p_alive,
        row.expected_orders,
        row.expected_value,
        row.value_low,
        row.value_high,
        row.usual_gaps,
      ];
      expect(numbers.every((number) => Number.isFinite(number) && number >= 0)).toBe(true);
      expect(row.p_alive).toBeLessThanOrEqual(1);
      expect(row.value_low).toBeLessThanOrEqual(row.value_high);
      expect(row.caution).toBe(row.order_days === 1 ? "one_purchase" : "");
    }
    for (const key of recent) {
      expect(rows.get(key)!.p_alive).toBeGreaterThan(0.8);
      // 26 orders a year of about 100, less those who will leave.
      expect(rows.get(key)!.expected_value / rows.get(key)!.expected_orders).toBeCloseTo(100, -1);
    }
    for (const key of gone) expect(rows.get(key)!.p_alive).toBeLessThan(0.2);
    expect(rows.get(gone[0]!)!.usual_gaps).toBeGreaterThan(15);
  });

  it("fits industries for themselves, small ones near all clients", async () => {
    await model();
    const fits = await workspace.rows<{ segment: string; clients: number; parameters: string; reason: string }>(
      "SELECT segment, toUInt32(clients) AS clients, parameters, reason FROM churn_models ORDER BY segment",
    );
    expect(fits.map(({ segment, clients }) => [segment, clients])).toEqual([
      ["", 292],
      ["bakery", 80],
      ["cranes", 6],
    ]);
    // Means of the law of rates, orders a week: half of the bakers order every two weeks.
    const [all, bakers, cranes] = fits.map(({ parameters }) => {
      const { r, alpha } = JSON.parse(parameters) as { r: number; alpha: number };
      return r / alpha;
    });
    expect(bakers).toBeGreaterThan(all! * 1.1);
    expect(cranes! / all!).toBeGreaterThan(0.5);
    expect(cranes! / all!).toBeLessThan(2);
    expect(
      await workspace.rows(
        "SELECT segment, toUInt32(count()) AS n FROM client_forecasts GROUP BY segment ORDER BY segment",
      ),
    ).toEqual([
      { segment: "", n: 206 },
      { segment: "bakery", n: 80 },
      { segment: "cranes", n: 6 },
    ]);
  });

  it("counts orders for the client that they belonged to on their day", async () => {
    const rows = new Map((await forecasts()).map((row) => [row.client_id, row]));
    expect(rows.get(account)).toMatchObject({ order_days: 3, last_order_day: dayText(20) });
    expect(rows.get(formerAccount)).toMatchObject({ order_days: 2, last_order_day: dayText(310) });
    expect(rows.has(buyer)).toBe(false);
  });

  it("does a broken-off day again with the same result, and nobody who was erased meanwhile", async () => {
    const before = await forecasts();
    const [fit] = await model();
    const erased = recent[0]!;
    await insert("suppressed_keys", [{ key: erased, erasure_id: nobody, since: Date.now() }]);
    const { erase } = personalTables.find(({ table }) => table === "client_forecasts_log")!;
    const condition = fillSubject(erase, { keys: `'${erased}'`, names: [] });
    await workspace.clickhouse.command({ query: `DELETE FROM client_forecasts_log WHERE ${condition}` });
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE churn_models_log" });
    const [again] = await model();
    const same = ({ fitted_at: _, ...row }: Record<string, unknown>) => row;
    expect(same({ ...again })).toEqual(same({ ...fit }));
    const said = (rows: readonly object[]) => rows.map(({ forecast_at: _, ...row }: { forecast_at?: string }) => row);
    expect(said(await forecasts())).toEqual(said(before.filter(({ client_id }) => client_id !== erased)));
  });
});

const dayText = (ago: number): string => new Date(noon - ago * dayMs).toISOString().slice(0, 10);
