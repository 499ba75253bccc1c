import { connectClickHouse } from "@keypulse/engines";
import { type OwnEngines, ownEngines } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analystGrants, migrate, viewNames } from "./index.ts";
import { exampleCall } from "./views.ts";

/** What ClickHouse answers (src/Common/ErrorCodes.cpp). */
const accessDenied = 497;
const readonly = 164;
const violatesConstraint = 452;
const unknownTable = 60;
const syntaxError = 62;
const noSuchRole = 511;
const outfileNotAllowed = 358;
const timeout = 159;
const tooManyRows = 396;
const memoryLimit = 241;
const tooSlow = 160;
const nothingToMerge = 636;
const noSuchCluster = 701;
const cannotOpenFile = 76;
/** The kernel is asked first. */
const pathDenied = process.platform === "linux" ? 481 : accessDenied;

interface Request {
  readonly query: string;
  /** Beside the database; sent in the URL as drivers do. */
  readonly url?: Readonly<Record<string, string>>;
  readonly method?: "GET";
}

/** What is tried, how, and the code of the refusal. */
const attempts: readonly (readonly [string, string | Request, number])[] = [
  ["read settings, where secrets are", "SELECT value FROM settings", accessDenied],
  ["count settings", "SELECT count() FROM settings", accessDenied],
  ["read settings by a subquery", "SELECT (SELECT any(value) FROM settings)", accessDenied],
  ["read settings in a condition", "SELECT 1 FROM clients WHERE name IN (SELECT value FROM settings)", accessDenied],
  ["read settings by a join", "SELECT * FROM clients AS c JOIN settings AS s ON 1 = 1", accessDenied],
  ["read settings in a CTE", "WITH s AS (SELECT * FROM settings) SELECT * FROM s", accessDenied],
  ["read settings by view()", "SELECT * FROM view(SELECT * FROM settings)", accessDenied],
  ["read settings by merge()", "SELECT * FROM merge('keypulse', '^settings$')", nothingToMerge],
  ["read settings by loop()", "SELECT * FROM loop(keypulse, settings) LIMIT 1", accessDenied],
  ["read settings over a connection", "SELECT * FROM remote('127.0.0.1', keypulse.settings)", accessDenied],
  ["read settings on a cluster", "SELECT * FROM cluster('default', keypulse.settings)", noSuchCluster],
  [
    "learn of settings by filters on the table behind a view",
    {
      query: "SELECT * FROM sources",
      url: { additional_table_filters: "{'keypulse.settings': 'value LIKE \\'%a%\\''}" },
    },
    readonly,
  ],
  ["ask which columns settings have", "DESCRIBE TABLE settings", accessDenied],
  ["ask for a column of settings", "SELECT hasColumnInTable('keypulse', 'settings', 'value')", accessDenied],
  ["ask how settings are stored", "SHOW CREATE TABLE settings", accessDenied],
  ["explain a query on settings", "EXPLAIN SELECT value FROM settings WHERE value LIKE 'a%'", accessDenied],
  ["read bookkeeping", "SELECT * FROM schema_migrations", accessDenied],
  ["read headers of rejected messages", "SELECT headers, key FROM rejected_events", accessDenied],
  ["read tables behind the views", "SELECT * FROM events LIMIT 1", accessDenied],
  ["read a table's index", "SELECT * FROM mergeTreeIndex(keypulse, events)", accessDenied],
  ["read another database", "SELECT * FROM default.anything", unknownTable],
  ["see users", "SELECT * FROM system.users", accessDenied],
  ["see others' queries", "SELECT query FROM system.processes", accessDenied],
  ["see processes", "SHOW PROCESSLIST", accessDenied],
  ["see disks", "SELECT * FROM system.disks", accessDenied],
  ["see the server's settings", "SELECT * FROM system.server_settings", accessDenied],
  ["see named collections", "SELECT * FROM system.named_collections", accessDenied],
  ["see stacks", "SELECT * FROM system.stack_trace", accessDenied],
  ["read a file", "SELECT * FROM file('/etc/passwd', LineAsString, 'a String')", accessDenied],
  ["read a file as an address", "SELECT * FROM url('file:///etc/passwd', LineAsString, 'a String')", accessDenied],
  ["list a folder", "SELECT * FROM filesystem('/etc')", accessDenied],
  ["read a database in a file", "SELECT * FROM sqlite('/tmp/x.db', 't')", pathDenied],
  ["reach an address", "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", accessDenied],
  ["reach S3", "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', CSV, 'a String')", accessDenied],
  ["reach Azure", "SELECT * FROM azureBlobStorage('DefaultEndpointsProtocol=http', 'c', 'x')", accessDenied],
  ["reach HDFS", "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'TSV', 'a String')", accessDenied],
  ["reach MySQL", "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')", accessDenied],
  ["reach PostgreSQL", "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')", accessDenied],
  ["reach MongoDB", "SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'a String')", accessDenied],
  ["reach Redis", "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')", accessDenied],
  ["reach ODBC", "SELECT * FROM odbc('DSN=x', 'a', 'b')", accessDenied],
  ["run a program", "SELECT * FROM executable('id', 'TSV', 'a String')", accessDenied],
  ["read a dictionary", "SELECT * FROM dictionary('keypulse.x')", accessDenied],
  ["find code by address", "SELECT addressToLine(1)", accessDenied],
  ["insert", "INSERT INTO alerts (id) VALUES (generateUUIDv4())", accessDenied],
  ["insert into a view", "INSERT INTO client_names (name) VALUES ('x')", accessDenied],
  // The embedded server is confined to its folder by the kernel (Landlock); elsewhere the user's rights end there.
  ...(process.platform === "linux"
    ? ([
        ["read a file by the function", "SELECT file('/etc/passwd')", cannotOpenFile],
        ["read another process's environment", "SELECT file('/proc/1/environ')", cannotOpenFile],
        ["read what the project keeps secret", `SELECT file('${import.meta.filename}')`, cannotOpenFile],
      ] as const)
    : []),
  ["write a file by a function", "INSERT INTO FUNCTION file('x.csv') SELECT 1", accessDenied],
  ["write a file by a clause", "SELECT 1 INTO OUTFILE '/tmp/x.csv'", outfileNotAllowed],
  ["delete rows", "ALTER TABLE events DELETE WHERE 1", accessDenied],
  ["delete rows lightly", "DELETE FROM events WHERE 1", accessDenied],
  ["empty a table", "TRUNCATE TABLE events", accessDenied],
  ["drop a table", "DROP TABLE events", accessDenied],
  ["drop a view", "DROP VIEW clients", accessDenied],
  ["drop a view by GET", { query: "DROP VIEW clients", method: "GET" }, accessDenied],
  ["detach a view", "DETACH TABLE clients", accessDenied],
  ["create a table", "CREATE TABLE x (a UInt8) ENGINE = Memory", accessDenied],
  ["create a view that reads as another", "CREATE VIEW x DEFINER = keypulse AS SELECT * FROM settings", accessDenied],
  [
    "create a temporary table in a session",
    { query: "CREATE TEMPORARY TABLE x (a UInt8)", url: { session_id: "mine" } },
    accessDenied,
  ],
  ["create a function", "CREATE FUNCTION f AS (x) -> x", accessDenied],
  ["create a user", "CREATE USER x", accessDenied],
  ["grant themselves all", "GRANT ALL ON *.* TO analyst", accessDenied],
  ["take a role", "SET ROLE admin", noSuchRole],
  ["take a role by the URL", { query: "SELECT 1", url: { role: "admin" } }, noSuchRole],
  ["back up to a disk", "BACKUP TABLE keypulse.settings TO Disk('default', 'x')", accessDenied],
  ["stop the server", "SYSTEM SHUTDOWN", accessDenied],
  ["stop merges", "SYSTEM STOP MERGES events", accessDenied],
  ["kill queries of others", "KILL QUERY WHERE 1", accessDenied],
  ["take two statements at once", "SELECT 1; DROP TABLE events", syntaxError],
  ["lift readonly", "SET readonly = 0", readonly],
  ["lift readonly by the URL", { query: "SELECT 1", url: { readonly: "0" } }, readonly],
  ["lift readonly by a clause", "SELECT 1 SETTINGS readonly = 2", readonly],
  ["lift the memory limit", "SELECT 1 SETTINGS max_memory_usage = 0", readonly],
  ["lift the memory limit by the URL", { query: "SELECT 1", url: { max_memory_usage: "0" } }, readonly],
  ["lift the limit of all queries", { query: "SELECT 1", url: { max_memory_usage_for_user: "0" } }, readonly],
  ["lift the time limit", "SELECT 1 SETTINGS max_execution_time = 0", violatesConstraint],
  ["lengthen the time limit", { query: "SELECT 1", url: { max_execution_time: "3600" } }, violatesConstraint],
  [
    "lift limits by another profile",
    { query: "SELECT 1", url: { profile: "default", max_execution_time: "0" } },
    violatesConstraint,
  ],
  ["lift the limit of rows", { query: "SELECT 1", url: { max_result_rows: "0" } }, violatesConstraint],
  ["allow dangerous functions", "SELECT 1 SETTINGS allow_introspection_functions = 1", readonly],
  [
    "run for ever",
    { query: "SELECT count() FROM numbers(1e13) WHERE cityHash64(number) = 1", url: { max_execution_time: "1" } },
    timeout,
  ],
  ["sleep long", "SELECT sleep(100)", tooSlow],
  ["sleep a little often", "SELECT sum(sleepEachRow(1)) FROM numbers(60000)", tooSlow],
  ["take all memory", "SELECT groupArray(repeat('x', 1000000)) FROM numbers(100000) FORMAT Null", memoryLimit],
  ["give an endless answer", "SELECT number FROM numbers(2000000) FORMAT Null", tooManyRows],
  ["give a huge answer", "SELECT repeat(toString(number), 6000) FROM numbers(60000) FORMAT Null", tooManyRows],
];

describe("the analyst", () => {
  let engines: OwnEngines;

  beforeAll(async () => {
    // A server with the grants of a real workspace; those of the test run reach every test's database.
    engines = await ownEngines({ need: ["clickhouse"], analystGrants: analystGrants("keypulse") });
    const settings = { CLICKHOUSE_URL: engines.clickhouseUrl, CLICKHOUSE_DATABASE: "keypulse" };
    await migrate(settings, { timezone: "UTC", currency: "EUR" });
    const clickhouse = connectClickHouse(settings, "test");
    await clickhouse.command({ query: "CREATE DATABASE default" }).catch(() => undefined);
    await clickhouse.close();
  });
  afterAll(async () => await engines?.stop());

  const ask = async (request: string | Request): Promise<{ code: number; text: string }> => {
    const { query, url = {}, method = "POST" } = typeof request === "string" ? { query: request } : request;
    const { origin, username, password } = new URL(engines.analystUrl);
    const parameters = new URLSearchParams({ database: "keypulse", ...url, ...(method === "GET" && { query }) });
    const response = await fetch(`${origin}/?${parameters}`, {
      method,
      ...(method === "POST" && { body: query }),
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
    });
    const text = (await response.text()).trim();
    const told = response.headers.get("x-clickhouse-exception-code") ?? /^Code: (\d+)/.exec(text)?.[1];
    return { code: Number(told ?? 0), text };
  };

  it("reads every view and no table", async () => {
    const seen = await ask("SELECT groupArray(name) FROM (SELECT name FROM system.tables ORDER BY name)");
    for (const view of viewNames()) {
      // What is asked as of a day is asked once; of the same as of today the right is looked up, which is quicker.
      const isOfToday = viewNames().includes(`${view}_at`);
      const query = isOfToday ? `CHECK GRANT SELECT ON ${view}` : `SELECT count() >= 0 FROM ${exampleCall(view)}`;
      expect(await ask(query), view).toEqual({ code: 0, text: "1" });
      expect(seen.text).toContain(`'${view}'`);
    }
    expect(await ask("SELECT count() FROM system.tables WHERE engine != 'View' AND database = 'keypulse'")).toEqual({
      code: 0,
      text: "0",
    });
    expect((await ask("SELECT count() FROM system.parts")).text).toBe("0");
    // Tools of the trade list tables and columns by the standard's views.
    const standard = await ask("SELECT count() FROM information_schema.tables WHERE table_schema = 'keypulse'");
    expect(standard.text).toBe(String(viewNames().length));
  });

  it("may shorten limits and choose a time zone: drivers send these with queries", async () => {
    const url = { max_execution_time: "10", max_result_rows: "1000", session_timezone: "Asia/Tokyo" };
    expect(await ask({ query: "SELECT getSetting('max_execution_time'), timezone()", url })).toEqual({
      code: 0,
      text: "10\tAsia/Tokyo",
    });
    expect((await ask("SELECT getSetting('readonly'), getSetting('max_execution_time')")).text).toBe("1\t30");
  });

  it("keeps the limits after another profile was asked for in a session", async () => {
    const url = { session_id: "profile" };
    await ask({ query: "SET profile = 'default'", url });
    const limits = "SELECT getSetting('readonly'), getSetting('max_memory_usage'), getSetting('max_execution_time')";
    expect((await ask({ query: limits, url })).text).toBe("1\t4000000000\t30");
  });

  it.each(attempts)("refuses to %s", async (_what, request, code) => {
    const answer = await ask(request);
    expect(answer, answer.text).toMatchObject({ code });
  });

  it("has at most 20 queries going at once", async () => {
    const slow = "SELECT sleep(2)";
    const answers = await Promise.all(Array.from({ length: 24 }, () => ask(slow)));
    const refused = answers.filter(({ code }) => code === 202);
    expect(refused.length).toBe(4);
  });
});
