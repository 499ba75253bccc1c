import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ShownAlert } from "./inputs/alertReading.ts";
import type { BudgetAnswer } from "./inputs/alertRoutes.ts";
import { type ConsoleWorld, createConsoleWorld } from "./testing/consoleWorld.ts";
import { insertRows } from "./testing/storedRows.ts";

const dayMs = 86_400_000;
const client = (number: number): string => `a0000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const alertId = (number: number): string => `b0000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

describe("alerts of the console's API", () => {
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await createConsoleWorld();
    await insertRows(
      world.clickhouse,
      "alerts",
      Array.from({ length: 12 }, (_, number) => ({
        id: alertId(number),
        version: 1,
        state: number < 10 ? "open" : "resolved",
        client_id: client(number),
        client_name: `Client ${number}`,
        detector: number === 11 ? "silence" : "activity_drop",
        channel: "orders",
        crossed_at: Date.now() - 30 * dayMs,
        opened_at: Date.now() - 20 * dayMs,
        updated_at: Date.now() - 20 * dayMs,
        resolved_at: number < 10 ? null : Date.now() - dayMs,
        reason: "50 % fewer orders",
        evidence: JSON.stringify({
          ...{ expected: 2, observed: 1, unit: "orders a week", window: "last eight weeks", unusual: "very" },
          ...{ model: "activity_drop", values: {} },
        }),
        headline: "50 % fewer orders",
        advice: "Call them.",
        money_at_stake: 1_000 * number,
        currency: "EUR",
        likelihood: 0.5,
        announced: number !== 9,
        signal_id: alertId(number),
      })),
    );
    await insertRows(world.clickhouse, "written_fields", [
      {
        subject_key: client(3),
        subject: "client",
        field: "owner",
        since: 0,
        value: '"ana"',
        who: "ben",
        written_at: Date.now(),
      },
    ]);
    await insertRows(world.clickhouse, "segment_changes", [
      { segment: "key", client_id: client(0), change: "entered", at: Date.now() - dayMs },
      { segment: "key", client_id: client(1), change: "entered", at: Date.now() - dayMs },
    ]);
    const line = { detector: "activity_drop", channel: "orders", segment: "" };
    await insertRows(world.clickhouse, "detector_lines_log", [
      { ...line, set_at: Date.now() - 400 * dayMs, budget: 0.1, line: 1.7, monitored: 100, reason: "of the study" },
      {
        ...line,
        set_at: Date.now() - 100 * dayMs,
        budget: 0.25,
        line: 1.4,
        monitored: 73,
        reason: "the budget was raised",
      },
    ]);
  });
  afterAll(async () => await world?.close());
  const record = async (number: number, outcome: string, note = "") =>
    await world.call<ShownAlert & { detail: string }>(
      "PUT",
      `/v1/alerts/${alertId(number)}/outcome`,
      { outcome, note },
      { "x-keypulse-user": "ana" },
    );
  const list = async (query: string) =>
    (await world.call<{ alerts: ShownAlert[] }>("GET", `/v1/alerts?${query}`)).body.alerts;
  const budget = async () => (await world.call<BudgetAnswer>("GET", "/v1/budget")).body;

  it("are listed open ones first, most at stake first, of all or of one account manager", async () => {
    const all = await list("");
    expect(all.map(({ money_at_stake: money }) => money / 1_000)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 10]);
    expect(await list("owner=ana&state=open")).toMatchObject([{ id: alertId(3), owner: "ana", outcome: null }]);
    expect(await list(`client=${client(10)}`)).toMatchObject([{ state: "resolved" }]);
  });

  it("take outcomes, with history, and tell how often they prove real", async () => {
    expect((await budget()).precision).toContainEqual(
      expect.objectContaining({ detector: "activity_drop", segment: "", alerts: 10, judged: 0, precision: null }),
    );
    await record(0, "false", "they moved house");
    for (const [number, outcome] of [
      [0, "true"],
      [1, "saved"],
      [2, "lost"],
      [3, "expected"],
    ] as const) {
      expect((await record(number, outcome)).body).toMatchObject({ outcome: { outcome, who: "ana" } });
    }
    expect((await list(`client=${client(0)}`))[0]!.outcome).toMatchObject({ outcome: "true", note: "" });
    expect(await world.rows("SELECT count() AS n FROM alert_outcomes_log")).toEqual([{ n: 5 }]);
    const { precision } = await budget();
    // Three of four: Wilson's interval from the formula's own paper is 0.301 to 0.954.
    expect(precision.find(({ segment, detector }) => segment === "" && detector === "activity_drop")).toMatchObject({
      judged: 4,
      precision: 0.75,
      low: expect.closeTo(0.301, 3),
      high: expect.closeTo(0.954, 3),
    });
    expect(precision.find(({ segment }) => segment === "key")).toMatchObject({ alerts: 2, judged: 2, precision: 1 });
    expect((await world.call("DELETE", `/v1/alerts/${alertId(2)}/outcome`)).status).toBe(204);
    expect((await budget()).precision).toContainEqual(expect.objectContaining({ segment: "", judged: 3 }));
    await record(2, "lost");
    const wrong = await record(2, "perhaps");
    expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining("outcome")]);
    expect((await world.call("PUT", `/v1/alerts/${alertId(99)}/outcome`, { outcome: "true" })).status).toBe(404);
  });

  it("show the budget against what happened, and take another one with who and which version", async () => {
    const before = await budget();
    expect(before).toMatchObject({ version: 0, budget: { alerts_a_manager_week: 10, false_alarms: {} } });
    const years = (265 * 100 + 100 * 73) / 365;
    expect(before.detectors).toMatchObject([
      {
        detector: "activity_drop",
        channel: "orders",
        budget: 0.25,
        monitored: 73,
        client_years: expect.closeTo(years, 0),
        allowed: expect.closeTo(0.25 * years, 0),
        alerts: 10,
        judged: 4,
        false_alarms: 1,
        spent: expect.closeTo(2.5 / (0.25 * years), 2),
        line: 1.4,
        line_reason: "the budget was raised",
      },
    ]);
    const wish = {
      false_alarms: { activity_drop: 0.1 },
      segments: [{ segment: "key", false_alarms: { silence: 0.5 } }],
    };
    const put = await world.call<BudgetAnswer>("PUT", "/v1/budget", wish, { "if-match": '"0"' });
    expect(put.body).toMatchObject({ version: 1, budget: { ...wish, alerts_a_manager_week: 10 } });
    expect((await world.call("PUT", "/v1/budget", wish, { "if-match": '"0"' })).status).toBe(409);
    const wrong = await world.call<{ detail: string }>("PUT", "/v1/budget", { false_alarms: { activity_drop: 7 } });
    expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining("at most 2")]);
    const odd = await world.call<{ detail: string }>("PUT", "/v1/budget", {
      segments: [{ segment: "key' OR 1", false_alarms: {} }],
    });
    expect([odd.status, odd.body.detail]).toEqual([400, expect.stringContaining("must be the id of a segment")]);
    expect(await world.rows("SELECT owner, alerts, above_capacity FROM alerts_by_manager ORDER BY alerts")).toEqual([
      { owner: "ana", alerts: 1, above_capacity: false },
      { owner: "", alerts: 10, above_capacity: false },
    ]);
  });
});
