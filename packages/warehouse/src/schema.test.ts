import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { createTestWorld } from "@keypulse/testkit";
import { expect, it } from "vitest";
import { migrate, viewNames } from "./index.ts";
import { exampleCall, queryOfView } from "./views.ts";

const workspace = { timezone: "Europe/London", currency: "GBP" };

/**
 * What analysts' queries rest on, as text: a view with its columns and their types. Views are made with what schema.txt
 * says, so ClickHouse is asked about their queries.
 */
async function describeViews(clickhouse: ClickHouse): Promise<string> {
  const views: [string, string][] = [];
  for (const view of viewNames().filter((name) => !viewNames().includes(`${name}_at`))) {
    const asked = view.endsWith("_at") ? `SELECT * FROM ${exampleCall(view)}` : queryOfView(view, workspace);
    const described = await clickhouse.query({
      query: `DESCRIBE (${asked}) SETTINGS print_pretty_type_names = 0`,
      format: "JSONEachRow",
    });
    const columns = await described.json<{ name: string; type: string }>();
    views.push([view.replace(/_at$/, ""), columns.map(({ name, type }) => `  ${name}  ${type}\n`).join("")]);
  }
  return views
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([view, columns]) => `${view}\n${columns}`)
    .join("\n");
}

it("keeps the names and types of views and columns (see CHANGELOG.md)", async () => {
  const world = await createTestWorld();
  const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
  await migrate(settings, workspace);
  const clickhouse = connectClickHouse(settings, "test");
  const described = await describeViews(clickhouse);
  await clickhouse.close();
  await expect(described).toMatchFileSnapshot("../schema.txt");
});
