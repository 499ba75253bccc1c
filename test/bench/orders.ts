import { hash, randomUUID } from "node:crypto";
import { usualRules } from "@keypulse/orders";
import { type OrderRef, OrderTables } from "@keypulse/orders/store";
import { createTestWorkspace, type OwnEngines, type TestWorkspace } from "@keypulse/testkit";
import { cpuSeconds } from "./processStats.ts";

/** As the settler does where much came at once. */
const ordersAnInsert = 16_000;

interface Stage {
  name: string;
  orders: number;
  seconds: number;
  /** CPU microseconds an order: of this process, and of ClickHouse with what it merges meanwhile. */
  settleMicros: number;
  clickhouseMicros: number;
}

export interface OrdersReport {
  stages: Stage[];
  text: string;
}

/** What settling costs an order: one that is new, one that is paid later, and both again in a store of four times the size. */
export async function benchOrders(
  engines: OwnEngines,
  { orders, say }: { orders: number; say: (text: string) => void },
): Promise<OrdersReport> {
  const workspace = await createTestWorkspace({ engines, settings: { LOG_LEVEL: "warn" } });
  const clickhousePid = engines.native.clickhouse!.pid!;
  const stages: Stage[] = [];
  const stage = async (name: string, first: number, type: "order.placed" | "order.paid") => {
    await tell(workspace, first, orders, type);
    const tables = new OrderTables(workspace.clickhouse, usualRules);
    const refs: OrderRef[] = Array.from({ length: orders }, (_, index) => ({
      source: "shop",
      orderId: orderId(first + index),
    }));
    const cpu = { own: process.cpuUsage(), clickhouse: cpuSeconds(clickhousePid) };
    const start = performance.now();
    let changed = 0;
    for (let from = 0; from < orders; from += ordersAnInsert) {
      changed += (await tables.settle(refs.slice(from, from + ordersAnInsert), randomUUID())).changed;
    }
    if (changed !== orders) throw new Error(`${changed} documents are new, ${orders} should be`);
    const own = process.cpuUsage(cpu.own);
    stages.push({
      name,
      orders,
      seconds: (performance.now() - start) / 1000,
      settleMicros: (own.user + own.system) / orders,
      clickhouseMicros: ((cpuSeconds(clickhousePid) - cpu.clickhouse) * 1e6) / orders,
    });
    say(describe(stages.at(-1)!));
  };
  try {
    await stage("new orders", 0, "order.placed");
    await stage("paid later", 0, "order.paid");
    await tell(workspace, orders, 6 * orders, "order.placed");
    await stage("new orders, 8 times the store", 7 * orders, "order.placed");
    await stage("paid later, 8 times the store", 7 * orders, "order.paid");
  } finally {
    await workspace.close();
  }
  return { stages, text: stages.map(describe).join("\n") };
}

/** Ids without an order of their own: those of neighbours in the table are read for nothing. */
const orderId = (number: number): string => hash("md5", `O-${number}`);

/** Stores a message about each of so many orders, as ingest does. */
async function tell(workspace: TestWorkspace, first: number, count: number, type: string): Promise<void> {
  await workspace.clickhouse.command({
    query: `INSERT INTO events (client_key, contact_key, occurred_at, event_id, source, kind, type, order_id, amount, currency, items, topic, offset, received_at, batch_date)
      SELECT reinterpretAsUUID(number % 5000 + 1) AS client, client, toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number % 8640000 + ${type === "order.paid" ? 3600 : 0} AS at,
        concat({type: String}, '-', toString(number)), 'shop', 'order', {type: String}, lower(hex(MD5(concat('O-', toString(number))))), 3 * (number % 100 + 1), 'EUR',
        ${type === "order.paid" ? "[]" : "[(concat('SKU-', toString(number % 200)), concat('Product ', toString(number % 200)), '', 2, number % 100 + 1), (concat('SKU-', toString(number % 77)), concat('Product ', toString(number % 77)), '', 1, number % 100 + 1)]"},
        'events.order', number, at, toDate('2026-11-01')
      FROM numbers({first: UInt64}, {count: UInt64}) SETTINGS async_insert = 0`,
    query_params: { type, first, count },
  });
}

const describe = ({ name, orders, seconds, settleMicros, clickhouseMicros }: Stage): string =>
  `${name.padEnd(32)}${orders.toLocaleString("en").padStart(9)} orders${Math.round(orders / seconds)
    .toLocaleString("en")
    .padStart(
      8,
    )} a second, CPU µs an order: settling ${settleMicros.toFixed(0)}, ClickHouse ${clickhouseMicros.toFixed(0)}`;
