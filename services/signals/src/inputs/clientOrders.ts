import type { ClickHouse } from "@keypulse/engines";
import { NO_SEGMENT } from "@keypulse/methods";
import { purchaseSummariesQuery, type WarehouseSettings } from "@keypulse/warehouse";
import { z } from "zod";
import { unitDays } from "../domain/churnModel.ts";
import type { ClientOrders } from "../domain/clientForecast.ts";
import type { ReadSegments } from "./clientSegments.ts";

const rowSchema = z.object({
  client_id: z.string(),
  repeats: z.coerce.number(),
  recency_days: z.coerce.number(),
  exposure_days: z.coerce.number(),
  log_gaps: z.number(),
  amount_days: z.coerce.number(),
  mean_amount: z.number(),
});

/**
 * Orders of every client who ever ordered, until a day (YYYY-MM-DD), by id. Holds some hundred bytes a client.
 */
export function createReadClientOrders(
  clickhouse: ClickHouse,
  workspace: WarehouseSettings,
  readSegments: ReadSegments,
) {
  return async (asOf: string): Promise<ClientOrders[]> => {
    const segments = await readSegments();
    const result = await clickhouse.query({
      query: purchaseSummariesQuery(workspace),
      query_params: { as_of: asOf },
      format: "JSONEachRow",
    });
    const clients: ClientOrders[] = [];
    for await (const rows of result.stream()) {
      for (const row of rows) {
        const { client_id, repeats, recency_days, exposure_days, ...sums } = rowSchema.parse(row.json());
        clients.push({
          clientId: client_id,
          segment: segments.get(client_id) ?? NO_SEGMENT,
          repeats,
          recency: recency_days / unitDays,
          exposure: exposure_days / unitDays,
          logIntervals: sums.log_gaps - repeats * Math.log(unitDays),
          spend: { purchases: sums.amount_days, meanAmount: sums.mean_amount },
        });
      }
    }
    return clients;
  };
}
