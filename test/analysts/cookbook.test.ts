import { createTestWorkspace, startService, type TestWorkspace } from "@keypulse/testkit";
import { readCookbook } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWallClock, yesterday } from "../../infra/src/demo/calendar.ts";
import { type DemoMessage, demoMessage } from "../../infra/src/demo/event.ts";
import { dateHistory, readHistory } from "../../infra/src/demo/history.ts";
import { sendMessages } from "../../infra/src/demo/load.ts";
import { expectedOfActivity } from "./expectedOfActivity.ts";
import { expectedOfClients } from "./expectedOfClients.ts";
import { type Facts, gatherFacts } from "./facts.ts";

const zone = "Europe/London";
const expected = { ...expectedOfClients, ...expectedOfActivity };

/** Columns that stand in an answer for people alone; their numbers are compared by the others. */
const unchecked: Readonly<Record<string, readonly string[]>> = { "25_best_products": ["name"] };

/**
 * Each recipe runs as the analyst on the demonstration, which went through the real pipeline, and must answer what
 * plain TypeScript counts from the messages as they were sent.
 */
describe("the cookbook", () => {
  let workspace: TestWorkspace;
  let facts: Facts;

  beforeAll(async () => {
    const reading = readHistory();
    workspace = await createTestWorkspace({
      settings: { WORKSPACE_TIMEZONE: zone, WORKSPACE_CURRENCY: "GBP", WORKSPACE_COUNTRY: "GB" },
    });
    const ingest = await startService("ingest", workspace.environment);
    const history = await reading;
    const messages = [...dateHistory(history, { lastDay: yesterday(zone, Date.now()), timeZone: zone }), ...bills()];
    await sendMessages({ messages, producer: workspace.producer, topics: workspace.topics });
    // While ingest stores, the answers are counted.
    facts = gatherFacts(messages, zone);
    await workspace.untilIngested();
    await ingest.stop();
  });
  afterAll(async () => await workspace?.close());

  const ask = async (sql: string): Promise<{ columns: string[]; rows: unknown[][]; seconds: number }> => {
    const { origin, username, password } = new URL(workspace.world.analystUrl);
    const parameters = new URLSearchParams({ database: workspace.world.database, default_format: "JSONCompact" });
    const response = await fetch(`${origin}/?${parameters}`, {
      method: "POST",
      body: sql,
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    const answer = JSON.parse(text) as { meta: { name: string }[]; data: unknown[][]; statistics: { elapsed: number } };
    return { columns: answer.meta.map(({ name }) => name), rows: answer.data, seconds: answer.statistics.elapsed };
  };

  const recipes = readCookbook();

  it("has an answer that was counted another way for every recipe, and a recipe for every answer", () => {
    expect(Object.keys(expected).sort()).toEqual(recipes.map(({ name }) => name));
    expect(recipes.length).toBeGreaterThanOrEqual(25);
  });

  it.each(recipes)("$name: $question", async ({ name, sql, columns: meanings }) => {
    const { columns, rows } = await ask(sql);
    expect(columns).toEqual([...meanings.keys()]);
    const kept = columns.flatMap((column, index) => (unchecked[name]?.includes(column) ? [] : [index]));
    const counted = expected[name]!(facts);
    expect(counted.length).toBeGreaterThan(0);
    expect(rows.map((row) => kept.map((index) => row[index]))).toEqual(counted.map((row) => row.map(near)));
  });
});

/** Decimals are added as doubles in SQL and as whole thousandths here: they agree but for the last digits. */
const near = (cell: number | string | null): unknown =>
  typeof cell === "number" && !Number.isInteger(cell) ? expect.closeTo(cell, 3) : cell;

/** The demonstration has no invoices: some of two accounts of it, in time, late and unpaid. */
function* bills(): Generator<DemoMessage> {
  const instantOf = createWallClock(zone);
  const today = Date.parse(`${yesterday(zone, Date.now())}T00:00:00Z`) + 86_400_000;
  const at = (daysAgo: number): number => instantOf(today - daysAgo * 86_400_000 + 12 * 3_600_000);
  const bill = (account_id: string, invoice_id: string, amount: string, days: readonly number[]) => {
    const [issued = 0, due = 0, paid] = days;
    const properties = { invoice_id, amount, currency: "GBP", due_at: new Date(at(due)).toISOString() };
    const of = (type: "invoice.issued" | "invoice.paid", daysAgo: number) =>
      demoMessage(
        { id: `${invoice_id} ${type}`, source: "billing" as never, type, identifiers: { account_id }, properties },
        at(daysAgo),
      );
    return [of("invoice.issued", issued), ...(paid === undefined ? [] : [of("invoice.paid", paid)])];
  };
  yield* bill("14646", "R1", "100.50", [60, 30, 40]);
  yield* bill("14646", "R2", "200", [60, 30, 23]);
  yield* bill("14646", "R3", "300", [50, 20]);
  yield* bill("14911", "R4", "400.25", [40, 10, 8]);
}
