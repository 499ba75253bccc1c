import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { createTestWorld } from "@keypulse/testkit";
import { expect, it } from "vitest";
import { migrate, viewNames } from "./index.ts";
import { exampleCall } from "./views.ts";

/** What analysts' queries rest on, as text: a view with its columns and their types. */
async function describeViews(clickhouse: ClickHouse): Promise<string> {
  const result = await clickhouse.query({
    query: `SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND table IN ({views: Array(String)})
      ORDER BY table, position`,
    query_params: { views: viewNames() },
    format: "JSONEachRow",
  });
  const columns = await result.json<{ table: string; name: string; type: string }>();
  const views = Map.groupBy(columns, ({ table }) => table);
  // What schema.txt says of these is what they were made of: ClickHouse itself is asked.
  for (const view of viewNames().filter((name) => name.endsWith("_at"))) {
    const described = await clickhouse.query({
      query: `DESCRIBE (SELECT * FROM ${exampleCall(view)})`,
      format: "JSONEachRow",
    });
    const name = view.replace(/_at$/, "");
    views.set(name, await described.json<{ table: string; name: string; type: string }>());
  }
  return [...views]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([view, list]) => `${view}\n${list.map(({ name, type }) => `  ${name}  ${type}\n`).join("")}`)
    .join("\n");
}

it("keeps the names and types of views and columns (see CHANGELOG.md)", async () => {
  const world = await createTestWorld();
  const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
  await migrate(settings, { timezone: "Europe/London", currency: "GBP" });
  const clickhouse = connectClickHouse(settings, "test");
  const described = await describeViews(clickhouse);
  await clickhouse.close();
  await expect(described).toMatchFileSnapshot("../schema.txt");
});
