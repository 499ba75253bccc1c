import { randomUUID } from "node:crypto";
import { createTestWorkspace, type TestWorkspace } from "@keypulse/testkit";
import { mutate } from "@keypulse/warehouse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Erasures } from "./erase.ts";

describe("an erasure that was cut off", () => {
  let workspace: TestWorkspace;
  beforeAll(async () => {
    workspace = await createTestWorkspace();
  });
  afterAll(() => workspace?.close());

  it("after its proof was written is done only when its record names nobody", async () => {
    const { clickhouse, redis, environment } = workspace;
    const id = randomUUID();
    const row = { id, subject: "person", reason: "asked for it", who: "dpo", requested_at: "2026-01-02 03:04:05.000" };
    for (const version of [
      { version: 1, state: "running", names: ["email:ana@acme.example"], erased: "" },
      { version: 2, state: "clearing", names: [], erased: '{"events":5}' },
    ]) {
      await clickhouse.insert({ table: "erasures", format: "JSONEachRow", values: [{ ...row, ...version }] });
    }
    const unused = undefined as never;
    const erasures = new Erasures(
      { clickhouse, redis, store: unused, touched: unused, logger: unused },
      {
        redisPrefix: environment.REDIS_PREFIX!,
        ...{ waitMs: 0, answerMs: 0 },
        mutate: (table, change) =>
          mutate(
            { CLICKHOUSE_URL: environment.CLICKHOUSE_URL!, CLICKHOUSE_DATABASE: environment.CLICKHOUSE_DATABASE! },
            table,
            change,
          ),
      },
    );
    expect(await erasures.all()).toMatchObject([{ id, state: "running" }]);
    await erasures.run(new AbortController().signal);
    await erasures.run(new AbortController().signal);
    expect(await erasures.all()).toMatchObject([{ id, state: "done", erased: { events: 5 } }]);
    expect(await workspace.rows("SELECT DISTINCT names FROM erasures")).toEqual([{ names: [] }]);
  });
});
