import { buildEvent, createTestWorkspace, eventually, startService } from "@keypulse/testkit";
import { expect, it } from "vitest";
import { heldInserts } from "./heldInserts.ts";

it("a worker whose range waits without end says that it is not ready, and for what; and that it is again", {
  timeout: 120_000,
}, async () => {
  const workspace = await createTestWorkspace({ settings: { INGEST_READY_WITHIN_MS: "2000" } });
  const clickhouse = await heldInserts(workspace.environment.CLICKHOUSE_URL!);
  const ingest = await startService("ingest", { ...workspace.environment, CLICKHOUSE_URL: clickhouse.url });
  try {
    clickhouse.rule = (table) => (table === "events" ? "refuse" : "pass");
    await workspace.send([buildEvent("order.placed")]);
    const ready = async () => {
      const response = await fetch(`${ingest.url}/ready`);
      return { status: response.status, text: await response.text() };
    };
    const not = await eventually(ready, ({ status }) => status === 503);
    expect(not.text).toMatch(/events\.order:\d+:0-0 waits for \d+ s at the step \\"store\\"/);
    clickhouse.rule = () => "pass";
    await eventually(ready, ({ status }) => status === 200, 30_000);
    await workspace.untilIngested();
  } finally {
    await ingest.stop();
    await clickhouse.close();
    await workspace.close();
  }
});
