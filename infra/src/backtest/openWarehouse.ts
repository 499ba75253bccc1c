import type { Step } from "../engines/steps.ts";
import { keypulseFolder } from "../folder.ts";
import { findConnections, openStore } from "../import/connect.ts";
import { chooseWorkspace } from "../start/workspace.ts";
import type { BacktestHistory } from "./history.ts";
import type { BacktestOptions } from "./options.ts";
import { readWarehouse } from "./readWarehouse.ts";

/** Reads what the environment's ClickHouse has, or the one that npm start runs. @throws ImportError, BacktestError */
export async function openWarehouse(options: BacktestOptions, step: Step): Promise<BacktestHistory> {
  const { connections } = findConnections(keypulseFolder(), process.env);
  const { clickhouse } = await openStore(connections);
  try {
    const asked = { ...process.env, CLICKHOUSE_URL: connections.CLICKHOUSE_URL };
    const workspace = await chooseWorkspace({ ...asked, CLICKHOUSE_DATABASE: connections.CLICKHOUSE_DATABASE }, false);
    const history = await readWarehouse(clickhouse, {
      timeZone: options.timeZone ?? workspace.WORKSPACE_TIMEZONE ?? "UTC",
      country: options.country ?? workspace.WORKSPACE_COUNTRY,
      currency: workspace.WORKSPACE_CURRENCY ?? "EUR",
      from: options.from,
      to: options.to,
      segmentBy: options.segmentBy,
      nowMs: Date.now(),
    });
    step.done(`${history.events} events`);
    return history;
  } catch (error) {
    step.fail("failed");
    throw error;
  } finally {
    await clickhouse.close();
  }
}
