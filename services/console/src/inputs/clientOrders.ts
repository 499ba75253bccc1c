import type { ClickHouse, ClickHouseReader } from "@keypulse/engines";
import { z } from "zod";
import { keyList } from "./askByKeys.ts";
import { ownEras, readOwners } from "./clientOwners.ts";

const time = z.string();
const money = z.number();

/** An order as its messages say together, with every message and what it changed. */
export const clientOrderSchema = z.object({
  order_id: z.string(),
  source: z.string(),
  state: z.string().describe("What its sender last called it"),
  counts: z.boolean().describe("Whether it is a sale"),
  why: z.string().describe("Why it is one or is not"),
  part_of: z.string().describe("Order or invoice in which it is counted; empty where it stands for itself"),
  placed_at: time,
  paid_at: time.nullable(),
  currency: z.string(),
  amount: money.nullable().describe("Grand total now; null where nothing says it"),
  revenue_gross: money,
  revenue_returned: money,
  revenue_net: money,
  refunds_pending: money,
  messages: z.number(),
  history: z.array(
    z.object({
      at: time,
      type: z.string(),
      says: z.string(),
      revenue_net: money.describe("Net revenue of the order by the messages up to this one"),
      change: money.describe("What this message changed in it"),
      event_id: z.string(),
    }),
  ),
});
export type ClientOrder = z.infer<typeof clientOrderSchema>;

interface Row extends Omit<ClientOrder, "history"> {
  story: [at: string, eventId: string, type: string, says: string, net: number][];
}

/** Orders of a client, the newest first, each with its story. */
export async function readClientOrders(
  { clickhouse, reader }: { clickhouse: ClickHouse; reader: ClickHouseReader },
  id: string,
  { limit, order, timezone }: { limit: number; order?: string | undefined; timezone: string },
): Promise<{ orders: ClientOrder[]; more: boolean }> {
  const owners = await readOwners(reader, [id], timezone);
  const heir = owners.clientOf(id);
  if (heir !== id) return await readClientOrders({ clickhouse, reader }, heir, { limit, order, timezone });
  const at = (column: string): string => `formatDateTime(${column}, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z'`;
  const result = await clickhouse.query({
    query: `SELECT order_id, toString(source) AS source, toString(state) AS state, counts, why, part_of, ${at("o.placed_at")} AS placed_at,
        if(isNull(o.paid_at), NULL, ${at("o.paid_at")}) AS paid_at, toString(currency) AS currency, toFloat64(o.amount) AS amount,
        toFloat64(arraySum(moved -> moved.gross, movements)) AS revenue_gross, toFloat64(arraySum(moved -> moved.returned, movements)) AS revenue_returned,
        toFloat64(arraySum(moved -> moved.gross - moved.returned, movements)) AS revenue_net, toFloat64(o.refunds_pending) AS refunds_pending, messages,
        arrayMap(told -> (${at("told.at")}, told.event_id, toString(told.type), told.says, toFloat64(told.net)), o.story) AS story
      FROM client_orders AS o FINAL
      WHERE client_key IN (${keyList(owners.keys)}) AND NOT gone
        AND (client_key, ${owners.eraOf(`toDate(o.placed_at, '${timezone}')`)}) IN (${ownEras(id, owners)})
        ${order === undefined ? "" : "AND order_id = {order: String}"}
      ORDER BY o.placed_at DESC, order_id, source LIMIT {limit: UInt32}`,
    query_params: { limit: limit + 1, ...(order === undefined ? {} : { order }) },
    format: "JSONEachRow",
    clickhouse_settings: {
      output_format_json_quote_64bit_integers: 0,
      output_format_json_named_tuples_as_objects: 0,
      max_query_size: "100000000",
    },
  });
  const rows = await result.json<Row>();
  return { orders: rows.slice(0, limit).map(withHistory), more: rows.length > limit };
}

function withHistory({ story, ...order }: Row): ClientOrder {
  let before = 0;
  const history = story.map(([at, eventId, type, says, net]) => {
    const change = Math.round((net - before) * 10_000) / 10_000;
    before = net;
    return { at, type, says, revenue_net: net, change, event_id: eventId };
  });
  return { ...order, counts: Boolean(order.counts), history };
}
