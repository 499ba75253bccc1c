import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually, type ServiceProcess, startService } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultLimits } from "./domain/portfolioSettings.ts";
import type { LossReport, PortfolioReport, ShownLimits } from "./inputs/portfolioRoutes.ts";
import { apiToken, type ConsoleWorld, createConsoleWorld } from "./testing/consoleWorld.ts";

const day = (daysAgo: number): string => new Date(Date.now() - daysAgo * 86_400_000).toISOString();

/** Orders of four companies, sent through Kafka and stored by ingest; a chapter after the other. */
describe("the portfolio over the API and on the command line", () => {
  let world: ConsoleWorld;
  let ingest: ServiceProcess;
  let sent = 0;
  const order = (account_id: string, amount: number, daysAgo: number) => ({
    id: String(++sent),
    source: "shop",
    type: "order.placed" as const,
    occurred_at: day(daysAgo),
    identifiers: { account_id },
    properties: { order_id: String(sent), amount: String(amount), currency: "EUR", items: [] },
  });
  const report = async (name: string, query = ""): Promise<PortfolioReport> =>
    (await world.call<PortfolioReport>("GET", `/v1/portfolio/reports/${name}${query}`)).body;
  const classes = async (query = ""): Promise<string[]> =>
    (await report("abc", query)).rows.map(({ name, abc }) => `${name} ${abc}`);
  const run = async (...given: string[]): Promise<{ code: number; text: string }> => {
    const environment = { ...process.env, CONSOLE_URL: world.url, KEYPULSE_API_TOKEN: apiToken, NO_COLOR: "1" };
    const command = [new URL("cli/portfolio.ts", import.meta.url).pathname, ...given];
    return await promisify(execFile)(process.execPath, command, { env: environment }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, text: stderr }),
    );
  };

  beforeAll(async () => {
    world = await createConsoleWorld();
    ingest = await startService("ingest", world.environment);
  });
  afterAll(async () => {
    await ingest?.kill();
    await world?.close();
  });

  it("says what is missing where nobody ordered yet", async () => {
    const { code, text } = await run();
    expect(code).toBe(0);
    expect(text).toContain("Nobody ordered in these months.");
    expect((await report("abc")).rows).toEqual([]);
  });

  it("has the view's defaults where nothing is set", async () => {
    const { body } = await world.call<ShownLimits>("GET", "/v1/portfolio/settings");
    expect(body).toEqual({ version: 0, set: {}, limits: defaultLimits });
  });

  it("is moved by an order within 10 seconds", async () => {
    await world.send([order("north", 700, 40), order("south", 200, 40), order("east", 60, 40), order("west", 40, 40)]);
    await world.untilIngested();
    expect(await classes()).toEqual(["north A", "south A", "east B", "west C"]);
    const began = Date.now();
    await world.send([order("west", 1000, 0)]);
    await eventually(classes, (found) => found[0] === "west A", 10_000);
    expect(Date.now() - began).toBeLessThan(10_000);
    // West now makes 1,040 of 2,000.
    const [whole] = (await report("concentration")).rows;
    expect(whole).toMatchObject({ clients: 4, value: 2_000, largest_name: "west", largest_share: 0.52 });
  });

  it("answers as of a day before that, and who moved since", async () => {
    const yesterday = day(1).slice(0, 10);
    expect(await classes(`?as_of=${yesterday}`)).toEqual(["north A", "south A", "east B", "west C"]);
    const { rows } = await report("moves", `?since=${yesterday}`);
    expect(rows.filter(({ measure }) => measure === "abc")).toMatchObject([
      { from_class: "C", to_class: "A", name: "west", value_before: 40, value: 1_040 },
      { from_class: "A", to_class: "B", name: "south" },
      { from_class: "B", to_class: "C", name: "east" },
    ]);
  });

  it("counts joined clients as one, in the past too", async () => {
    const known = await world.rows<{ label: string; id: string }>(
      "SELECT label, toString(client_id) AS id FROM client_labels",
    );
    const ids = new Map(known.map(({ label, id }) => [label, id]));
    await world.clickhouse.insert({
      table: "identity_clients",
      values: [{ key: ids.get("west"), client_id: ids.get("south"), version: 1_000_000_000 }],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
    const { rows } = await report("abc");
    expect(rows).toMatchObject([{ value: 1_240, abc: "A" }, { name: "north" }, { name: "east" }]);
    const before = await report("abc", `?as_of=${day(1).slice(0, 10)}`);
    expect(before.rows).toMatchObject([{ name: "north", value: 700 }, { value: 240 }, { name: "east" }]);
  });

  it("keeps what people say of losses and types beside what is computed", async () => {
    const [east] = (await report("abc")).rows.filter(({ name }) => name === "east");
    const [{ id } = { id: "" }] = await world.rows<{ id: string }>(
      "SELECT toString(client_id) AS id FROM portfolio WHERE name = 'east'",
    );
    expect(east).toBeDefined();
    const write = async (field: string, value: unknown, since: string) =>
      (await world.call("PUT", `/v1/clients/${id}/fields/${field}`, { value, since }, { "x-keypulse-user": "eva" }))
        .status;
    expect(await write("lost", true, day(20))).toBe(200);
    expect(await write("lost_reason", "price", day(20))).toBe(200);
    expect(await write("win_back_offer", "5 % for a year", day(10))).toBe(200);
    expect(await write("types", ["promising", "partner"], day(5))).toBe(200);
    expect(await write("types", ["breadwinner"], day(5))).toBe(400);
    expect((await report("win-back")).rows).toMatchObject([
      { name: "east", lost_on: day(20).slice(0, 10), revenue_before: 60, reason: "price", offer: "5 % for a year" },
    ]);
    // A fitted model knows more of a silent client than how long it is away; not of one who said that it left.
    const later = day(-300).slice(0, 10);
    const ids = await world.rows<{ id: string; name: string }>("SELECT toString(client_id) AS id, name FROM portfolio");
    await world.clickhouse.insert({
      table: "client_forecasts_log",
      values: ids.map((client) => ({
        ...{ client_id: client.id, month: later, as_of: later, model: "MBG/CNBD-1", order_days: 3, currency: "EUR" },
        ...{ p_alive: 0.5, p_order: 0.4, expected_value: client.name === "north" ? 90 : null },
      })),
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
    const list = (await report("win-back", `?as_of=${later}`)).rows;
    expect(list.find(({ name }) => name === "north")).toMatchObject({
      ...{ chance: 0.4, chance_by: "model", expected_value: 90 },
    });
    expect(list.find(({ name }) => name === "east")).toMatchObject({ chance_by: "returns" });
    expect(list.find(({ name }) => name === "south" || name === "west")).toMatchObject({
      chance: 0.4,
      chance_by: "model",
    });
    expect((await report("churn")).rows).toMatchObject([{ lost: 1, revenue_lost: 60, won_back: 0, net: -1 }]);
    expect((await report("directions")).rows).toMatchObject([{ direction: "reason", value: "price", lost: 1 }]);
    const types = (await report("types")).rows.map(({ type, name, who }) => `${type} ${name} ${who}`);
    expect(types.filter((line) => line.includes("east"))).toEqual(["partner east eva", "promising east eva"]);
    expect(types.filter((line) => line.startsWith("breadwinner"))).toHaveLength(2);
  });

  it("scores by schemes, shows where they disagree, and sets two against each other", async () => {
    const schemes = {
      sales: [{ criterion: "revenue" }],
      service: [
        { criterion: "custom.reference", weight: 3, scored: "written" },
        {
          criterion: "revenue",
          scored: "steps",
          steps: [
            [100, 4],
            [1_000, 8],
          ],
        },
      ],
    };
    const put = (body: object) => world.call<{ detail: string }>("PUT", "/v1/portfolio/settings", body);
    expect((await put({ schemes })).body.detail).toContain('there is no scheme "value"; schemes: sales, service');
    expect((await put({ schemes, kaism_up: "sales", kaism_across: "service" })).status).toBe(200);
    const [{ id } = { id: "" }] = await world.rows<{ id: string }>(
      "SELECT toString(client_id) AS id FROM portfolio WHERE name = 'east'",
    );
    await world.call("PUT", `/v1/clients/${id}/fields/custom.reference`, { value: 9 });
    const scores = (await report("scores")).rows.map(
      ({ scheme, place, score, known_share, from_people_share }) =>
        `${scheme} ${place} ${score} ${known_share} ${from_people_share}`,
    );
    // Three clients with 1,240, 700 and 60: by place 7, 4 and 1; by steps 8, 4 and 1, but for what people wrote of the last.
    expect(scores).toEqual([
      "sales 1 7 1 0",
      "sales 2 4 1 0",
      "sales 3 1 1 0",
      "service 1 8 0.25 0",
      "service 2 7 1 0.75",
      "service 3 4 0.25 0",
    ]);
    expect((await report("disagreements")).rows).toMatchObject([
      { name: "east", high_scheme: "service", high_place: 2, low_scheme: "sales", low_place: 3, difference: 1 },
      { name: "north", difference: 1 },
    ]);
    expect((await report("kaism")).rows.map(({ quadrant, up, across }) => `${quadrant} ${up} ${across}`)).toEqual([
      "key 7 8",
      "supporting 1 7",
      "low_priority 4 4",
    ]);
    await put({});
  });

  it("says what the loss of a client would mean, with the companies below it", async () => {
    const [{ id } = { id: "" }] = await world.rows<{ id: string }>(
      "SELECT toString(client_id) AS id FROM portfolio WHERE name = 'north'",
    );
    const [east] = await world.rows<{ id: string }>(
      "SELECT toString(client_id) AS id FROM portfolio WHERE name = 'east'",
    );
    await world.call("PUT", `/v1/clients/${east!.id}/fields/parent`, { value: "north", since: day(30) });
    const { status, body } = await world.call<LossReport>("GET", `/v1/portfolio/what-if?clients=${id}`);
    expect([status, body.after]).toEqual([
      200,
      [
        expect.objectContaining({
          lost_clients: 2,
          lost_value: 760,
          lost_share: 0.38,
          largest_share: 1,
          herfindahl: 1,
        }),
      ],
    ]);
    const total = (name: string): number => body.months.reduce((all, month) => all + Number(month[name]), 0);
    // Ordered 40 days ago, in the last month but one: it would be missed in the eleventh, its money in the twelfth.
    expect([total("revenue"), total("revenue_lost"), total("cash_lost")]).toEqual([2_000, 760, 760]);
    expect(body.months.map(({ revenue_lost, cash_lost }) => [revenue_lost, cash_lost]).slice(-2)).toEqual([
      [760, 0],
      [0, 760],
    ]);
    expect((await world.call("GET", "/v1/portfolio/what-if?clients=x")).status).toBe(400);
    const said = await run("what-if", "north");
    expect(said.text).toContain("lost share");
  });

  it("takes other limits, with version and who, and refuses those that contradict", async () => {
    const put = (body: object, headers = {}) =>
      world.call<{ version: number; error: string; detail: string }>("PUT", "/v1/portfolio/settings", body, headers);
    const wrong = await put({ abc_a: 0.96, xyz_x: 2, months: 1.5 });
    expect(wrong.status).toBe(400);
    expect((await put({ abc_a: 0.96, xyz_x: 2 })).body.detail).toBe(
      "abc_a (0.96) must be below abc_b (0.95); xyz_x (2) must be below xyz_y (1)",
    );
    expect((await put({ abc_a: 0.3 }, { "x-keypulse-user": "eva" })).body.version).toBe(3);
    expect((await put({ abc_a: 0.4 }, { "if-match": '"2"' })).status).toBe(409);
    expect((await report("abc")).rows.map(({ abc }) => abc)).toEqual(["A", "B", "C"]);
    expect(
      await world.rows("SELECT version, changed_by FROM settings WHERE kind = 'portfolio' AND version = 3"),
    ).toEqual([{ version: 3, changed_by: "eva" }]);
  });

  it("fits one screen on the command line, and has faults in words", async () => {
    const [all, moves, set] = await Promise.all([
      run(),
      run("moves", "--from", day(1).slice(0, 10), "--json"),
      run("settings", "set", "thresholds=[0.25]"),
    ]);
    expect(all.text).toContain("Herfindahl");
    expect(all.text.split("\n").length).toBeLessThan(40);
    expect(JSON.parse(moves.text)).toMatchObject({ report: "moves", since: day(1).slice(0, 10) });
    expect(set.text).toMatch(/thresholds +\[0.25\] +set/);
    const faults = await Promise.all([
      run("abc", "--as-of", "2026-02-31"),
      run("settings", "set", "abc_z=1"),
      run("settings", "set", "abc_a=2"),
    ]);
    expect(faults.map(({ code, text }) => `${code} ${text.split("\n")[0]!.slice(0, 50)}`)).toEqual([
      "1 --as-of takes a day such as 2026-10-31 or a month ",
      "1 There is no limit abc_z. Limits: measure, months, ",
      "1 The body of this request can't be used:",
    ]);
    expect(faults[2]!.text).toContain("abc_a: must be at most 1");
    const future = await world.call<{ detail: string }>("GET", "/v1/portfolio/reports/moves?since=2099-01-01");
    expect([future.status, future.body.detail]).toEqual([
      400,
      expect.stringContaining("since: 2099-01-01 must be before"),
    ]);
  });
});
