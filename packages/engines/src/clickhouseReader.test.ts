import { createTestWorkspace, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { clickHouseSettingsShape } from "./clickhouse.ts";
import { type ClickHouseReader, connectClickHouseReader } from "./clickhouseReader.ts";

const clickHouse = z.object(clickHouseSettingsShape);
let world: TestWorkspace;
let reader: ClickHouseReader;
beforeAll(async () => {
  world = await createTestWorkspace();
  reader = connectClickHouseReader(clickHouse.parse(world.environment), "test", {
    maxConnections: 2,
    requestTimeoutMs: 10_000,
  });
});
afterAll(async () => {
  await reader?.close();
  await world?.close();
});

it("reads rows, refuses with ClickHouse's own error, and takes an answer that breaks off for none", async () => {
  const rows = (query: string) => reader.read<{ n: number }>(query, { output_format_json_quote_64bit_integers: 0 });
  expect(await rows("SELECT number AS n FROM numbers(3)")).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  expect(await rows("SELECT count() AS n FROM events")).toEqual([{ n: 0 }]);
  await expect(rows("SELECT n FROM nothing_of_this_name")).rejects.toMatchObject({ code: "60" });
  // Megabytes are on their way when the fault comes.
  await expect(
    rows("SELECT throwIf(number = 3000000, 'broken off') AS n FROM numbers(4000000) SETTINGS max_block_size = 1000"),
  ).rejects.toThrow();
});
