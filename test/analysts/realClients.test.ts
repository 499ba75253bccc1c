import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectClickHouse } from "@keypulse/engines";
import { type OwnEngines, ownEngines, settleAll } from "@keypulse/testkit";
import { analystGrants, migrate } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { without } from "./leftOut.ts";
import { digestOf, filledOnce, pythonWithPackages } from "./python.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL("clients/", import.meta.url));
const at = "2026-03-29 01:30:00.125";

/** What analysts connect with, against the grants and limits of a real workspace. */
describe("the analyst's own tools", () => {
  let engines: OwnEngines;
  let analyst: URL;

  beforeAll(async () => {
    engines = await ownEngines({ need: ["clickhouse"], analystGrants: analystGrants("keypulse") });
    analyst = new URL(engines.analystUrl);
    const settings = { CLICKHOUSE_URL: engines.clickhouseUrl, CLICKHOUSE_DATABASE: "keypulse" };
    await migrate(settings, { timezone: "Europe/London", currency: "GBP" });
    const clickhouse = connectClickHouse(settings, "test");
    const event = (client: number, given: object) => ({
      ...{
        client_key: `00000000-0000-8000-8000-00000000000${client}`,
        occurred_at: at,
        received_at: at,
        source: "shop",
      },
      ...{ topic: "t", offset: client, batch_date: "2026-03-29", activity: true, ...given },
    });
    const placed = { kind: "order", type: "order.placed", amount: "12345678.9012", currency: "GBP", revenue_sign: 1 };
    await clickhouse.insert({
      table: "events",
      format: "JSONEachRow",
      values: [
        event(1, { ...placed, event_id: "1", order_id: "1" }),
        event(2, { kind: "web", type: "web.page_viewed" }),
      ],
      clickhouse_settings: { async_insert: 0 },
    });
    await clickhouse.insert({
      table: "client_traits",
      format: "JSONEachRow",
      values: [1, 2].map((client) => ({
        ...{ subject_key: `00000000-0000-8000-8000-00000000000${client}`, subject: "client", trait: "name" },
        ...{ occurred_at: at, value: `"Client ${client}"`, source: "crm" },
      })),
      clickhouse_settings: { async_insert: 0 },
    });
    await settleAll(clickhouse);
    await clickhouse.close();
  });
  afterAll(async () => await engines?.stop());

  // The first run on a machine installs the packages.
  const installMs = 240_000;

  it("Python: clickhouse-connect and pandas", { timeout: installMs }, async (context) => {
    const python = await pythonWithPackages((what) => without(context, what));
    const { stdout } = await run(python, [
      join(here, "read.py"),
      ...[analyst.hostname, analyst.port, analyst.username, analyst.password, "keypulse"],
    ]);
    expect(JSON.parse(stdout)).toEqual({
      names: ["Client 1", "Client 2"],
      decimal: ["Decimal 12345678.9012", "Decimal 0"],
      time: ["2026-03-29T01:30:00.125000+00:00", "2026-03-29T01:30:00.125000+00:00"],
      null: [false, true],
      frame: { types: ["string", "object", "datetime64[ms, UTC]"], sum: "12345678.9012", missing: 1 },
      limit: 10,
    });
  });

  it("JDBC: the official driver, as DBeaver and Metabase use it", { timeout: installMs }, async (context) => {
    const jars = await jdbcDriver(context);
    const { stdout } = await run("java", [
      ...["-cp", `${jars}/*`, join(here, "Read.java")],
      ...[`jdbc:clickhouse://${analyst.host}/keypulse`, analyst.username, analyst.password],
    ]);
    expect(JSON.parse(stdout)).toEqual({
      names: ["Client 1", "Client 2"],
      decimal: ["12345678.9012", "0"],
      time: ["2026-03-29T01:30:00.125Z", "2026-03-29T01:30:00.125Z"],
      null: [false, true],
      tables: ["clients"],
    });
  });

  it("curl over HTTP", async () => {
    const { stdout } = await run("curl", [
      ...["--silent", "--show-error", "--fail-with-body", "--user", `${analyst.username}:${analyst.password}`],
      ...[`http://${analyst.host}/?database=keypulse&default_format=JSONEachRow`],
      ...["--data-binary", "SELECT name, revenue_net, first_seen, last_order FROM clients ORDER BY name"],
    ]);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        name: "Client 1",
        revenue_net: 12345678.9012,
        first_seen: "2026-03-29 01:30:00.125",
        last_order: "2026-03-29 01:30:00.125",
      },
      { name: "Client 2", revenue_net: 0, first_seen: "2026-03-29 01:30:00.125", last_order: null },
    ]);
  });
});

async function jdbcDriver(context: TestContext): Promise<string> {
  const found = await run("mvn", ["--version"]).catch(() => undefined);
  if (found === undefined) without(context, "There is no Maven here");
  const pom = join(here, "pom.xml");
  return await filledOnce(`jdbc-${digestOf(pom)}`, async (into) => {
    await run("mvn", [
      "-B",
      "-q",
      "-f",
      pom,
      "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
      `-DoutputDirectory=${into}`,
    ]);
  });
}
