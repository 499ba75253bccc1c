import type { ClientOrder } from "../inputs/clientOrders.ts";

const money = (amount: number, currency: string): string =>
  `${amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 })} ${currency}`;
const minute = (time: string): string => `${time.slice(0, 16).replace("T", " ")} UTC`;

/** Orders with what each came to, why, and message by message how. */
export function sayOrders(client: string, orders: readonly ClientOrder[], more: boolean): string {
  if (orders.length === 0) return `No order of ${client} is known.`;
  const blocks = orders.map((order) => {
    const { order_id, source, amount, currency, why, revenue_net, revenue_returned, refunds_pending } = order;
    const facts = [
      amount === null ? "its amount is not known" : `${money(amount, currency)} in all`,
      `revenue ${money(revenue_net, currency)}`,
      ...(revenue_returned > 0 ? [`${money(revenue_returned, currency)} went back`] : []),
      ...(refunds_pending > 0 ? [`${money(refunds_pending, currency)} of refunds may still fail`] : []),
    ];
    const steps = order.history.map(
      ({ at, type, says, change, revenue_net: net }) =>
        `    ${minute(at)}  ${type}${says === "" ? "" : ` (${says})`}: ${change === 0 ? "changes no revenue" : `${change > 0 ? "+" : ""}${money(change, currency)}, now ${money(net, currency)}`}`,
    );
    const untold = order.messages - order.history.length;
    return [
      `${minute(order.placed_at)}  order ${order_id} of ${source}: ${facts.join(", ")}. It is ${why}.`,
      ...steps,
      ...(untold > 0 ? [`    … ${untold} messages between the first hundred and the last twenty are not shown.`] : []),
    ].join("\n");
  });
  return [...blocks, ...(more ? ["There are more: --limit, or --order ID for one."] : [])].join("\n\n");
}
