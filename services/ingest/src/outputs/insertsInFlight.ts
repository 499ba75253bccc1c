import { setTimeout as sleep } from "node:timers/promises";
import { type ClickHouse, type ClickHouseSettings, systemTable } from "@keypulse/engines";

/**
 * Resolves when no insert runs any more that began before the call. A killed worker's insert may be on its way still:
 * a second later it is there or to be seen.
 */
export async function untilInsertsLanded(
  clickhouse: ClickHouse,
  settings: Pick<ClickHouseSettings, "CLICKHOUSE_CLUSTER">,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    await sleep(1_000);
    const result = await clickhouse.query({
      query: `SELECT count() > 0 AS found FROM ${systemTable(settings, "processes")} WHERE query_kind = 'Insert'
        AND (current_database = currentDatabase() OR is_initial_query = 0) AND elapsed > {seconds: Float64}`,
      query_params: { seconds: (performance.now() - began - 1_000) / 1_000 },
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ found: number | boolean }>();
    if (!row?.found) return;
  }
}
