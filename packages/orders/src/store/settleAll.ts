import { randomUUID } from "node:crypto";
import type { ClickHouse } from "@keypulse/engines";
import { type SaleRules, usualRules } from "../rules.ts";
import { OrderTables } from "./orderTables.ts";
import type { OrderRef } from "./readMessages.ts";

const ordersAStep = 10_000;

/**
 * Settles every order that has no document by these rules yet: of a store that was filled past ingest (tests, benchmarks).
 * Nobody else may settle meanwhile.
 * @returns the number of orders looked at
 */
export async function settleAll(clickhouse: ClickHouse, rules: SaleRules = usualRules): Promise<number> {
  const tables = new OrderTables(clickhouse, rules);
  let waiting: OrderRef[] = [];
  let orders = 0;
  const settle = async () => {
    await tables.settle(waiting, `settle-all:${randomUUID()}`);
    orders += waiting.length;
    waiting = [];
  };
  for await (const part of tables.unsettled()) {
    waiting.push(...part);
    if (waiting.length >= ordersAStep) await settle();
  }
  if (waiting.length > 0) await settle();
  return orders;
}
