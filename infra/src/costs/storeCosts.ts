import type { ClickHouse } from "@keypulse/engines";
import type { Cost } from "./readCosts.ts";

export interface CostsReport {
  readonly products: number;
  /** Costs that were not known, and those that were known with another value. */
  readonly added: number;
  readonly corrected: number;
  /** Share of the items' revenue (before returns, in the workspace's currency) whose cost is known now; null before any sale. */
  readonly revenueCovered: number | null;
}

const rowsAnInsert = 20_000;

/** Stores what is new or different, so that a file may be loaded as often as one likes. @param tell the share done */
export async function storeCosts(
  clickhouse: ClickHouse,
  costs: readonly Cost[],
  { who, currency }: { who: string; currency: string },
  tell: (done: number) => void,
): Promise<CostsReport> {
  const ask = async <T>(query: string, query_params: object = {}): Promise<T[]> =>
    await (await clickhouse.query({ query, query_params: { ...query_params }, format: "JSONEachRow" })).json<T>();
  const known = new Map(
    (
      await ask<{ sku: string; since: string; cost: number }>(
        "SELECT sku, toString(c.since) AS since, toFloat64(c.unit_cost) AS cost FROM product_costs AS c FINAL",
      )
    ).map(({ sku, since, cost }) => [JSON.stringify([sku, since]), cost]),
  );
  const before = ({ sku, since }: Cost): number | undefined => known.get(JSON.stringify([sku, since]));
  const wanted = costs.filter((cost) => before(cost) !== Number(cost.unitCost));
  const corrected = wanted.filter((cost) => before(cost) !== undefined).length;
  const writtenAt = Date.now();
  for (let from = 0; from < wanted.length; from += rowsAnInsert) {
    const part = wanted.slice(from, from + rowsAnInsert);
    await clickhouse.insert({
      table: "product_costs",
      format: "JSONEachRow",
      values: part.map(({ sku, since, unitCost }) => ({ sku, since, unit_cost: unitCost, who, written_at: writtenAt })),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    tell((from + part.length) / wanted.length);
  }
  const [covered] = await ask<{ share: number | null }>(
    `SELECT if(sum(amount) > 0, toFloat64(sumIf(amount, sku IN (SELECT sku FROM product_costs))) / toFloat64(sum(amount)), NULL) AS share
     FROM order_lines WHERE type = 'order.placed' AND currency = {currency: String}`,
    { currency },
  );
  return {
    products: new Set(costs.map(({ sku }) => sku)).size,
    added: wanted.length - corrected,
    corrected,
    revenueCovered: covered?.share ?? null,
  };
}
