import { createTestWorld } from "@keypulse/testkit";
import { expect, test } from "vitest";
import { type Ask, createAsk, type SqlFormat } from "./ask.ts";

async function shown(ask: Ask, query: string, format: SqlFormat): Promise<string> {
  const { text } = await ask({ query, format });
  return (await Array.fromAsync(text)).join("");
}

test("answers come as a table, as CSV or as a JSON array", async () => {
  const world = await createTestWorld();
  const ask = createAsk(world.analystUrl, world.database);
  const query = "SELECT number AS n, concat('client ', toString(number)) AS name FROM numbers(2)";
  expect(await shown(ask, query, "table")).toBe(
    "┌─n─┬─name─────┐\n│ 0 │ client 0 │\n│ 1 │ client 1 │\n└───┴──────────┘\n",
  );
  expect(await shown(ask, query, "csv")).toBe('"n","name"\n0,"client 0"\n1,"client 1"\n');
  expect(JSON.parse(await shown(ask, query, "json"))).toEqual([
    { n: 0, name: "client 0" },
    { n: 1, name: "client 1" },
  ]);
  expect(await shown(ask, "SELECT 1 WHERE 0", "json")).toBe("[]\n");
  expect((await ask({ query, format: "csv" })).rows).toBe(2);
});

test("an error is one line that helps", async () => {
  const world = await createTestWorld();
  const ask = createAsk(world.analystUrl, world.database);
  const error = (query: string) => ask({ query, format: "table" }).catch((failure: Error) => failure.message);
  expect(await error("SELECT * FROM clents")).toMatch(/clents.*\[UNKNOWN_TABLE\] `\\d` lists what there is\.$/);
  expect(await error("SELECT number FROM numbers(3000000)")).toContain("An answer may have a million rows");
  expect(await error("DROP TABLE clients")).toMatch(/\[(ACCESS_DENIED|UNKNOWN_TABLE)\]/);
  expect(await createAsk("http://a:b@127.0.0.1:1", "x")({ query: "SELECT 1", format: "csv" }).catch(String)).toBe(
    "SqlError: ClickHouse does not answer at http://127.0.0.1:1: bad port",
  );
});

test("a query that nobody waits for any more is stopped", async () => {
  const world = await createTestWorld();
  const stop = new AbortController();
  const query = `SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number, '${world.database}') = 1`;
  const answer = createAsk(world.analystUrl, world.database)({ query, format: "csv", signal: stop.signal });
  const stopped = expect(answer).rejects.toThrow("The query was stopped.");
  const server = createAsk(world.clickhouseUrl, world.database);
  const running = "SELECT count() FROM system.processes WHERE user = 'analyst' AND query LIKE {like:String}";
  const going = async (): Promise<string> => {
    const { text } = await server({ query: running, format: "csv", parameters: { like: `%${world.database}%` } });
    return (await Array.fromAsync(text)).join("");
  };
  await expect.poll(going).toContain("\n1\n");
  stop.abort();
  await stopped;
  await expect.poll(going, { timeout: 10_000 }).toContain("\n0\n");
});
