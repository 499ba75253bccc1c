import { isNegative, isZero, subtractDecimals } from "../amounts.ts";
import type { MappedEvent } from "../connector.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { amountOf, type CellOptions, idOf, timeOf } from "./cells.ts";
import { cellOptions, given, type KnownTable, orderStep, type ReadOptions } from "./orderFormat.ts";
import type { Row } from "./row.ts";

/** Export of orders from a Shopify admin: a row a line item, the order's own cells on its first row only. */
export const shopifyOrders: KnownTable = {
  title: "Shopify orders export",
  needed: [["Name"], ["Financial Status"], ["Created at"], ["Total"], ["Currency"], ["Lineitem quantity"]],
  create: (options) => ({
    groupOf: (row) => row.cell("Name"),
    eventsOf: (rows) => order(rows, options),
  }),
};

function order(rows: readonly [Row, ...Row[]], options: ReadOptions): MappedEvent[] {
  const [first] = rows;
  // Times have their offset; UTC is for copies that lost it.
  const cells = cellOptions(options, "UTC");
  const name = first.cell("Name");
  // Old exports have no Id; the number with # is unique in one shop only.
  const orderId = given(idOf(first.cell("Id"), "Id")) ?? `${options.shop ?? ""}${name}`;
  const total = amountOf(first.cell("Total"), "Total", cells);
  const currency = given(first.cell("Currency")) ?? options.currency;
  if (currency === undefined) throw new ElementFault("Currency: is empty");
  const phone = first.cell("Phone") || first.cell("Billing Phone");
  const who = present({ email: given(first.cell("Email")), phone: given(idOf(phone, "Phone")) });
  const placedAt = timeOf(first.cell("Created at"), "Created at", cells);
  const timeIn = (column: string): string | undefined =>
    first.cell(column) === "" ? undefined : timeOf(first.cell(column), column, cells);
  const [paidAt, shippedAt, cancelledAt] = [timeIn("Paid at"), timeIn("Fulfilled at"), timeIn("Cancelled at")];
  const returned =
    first.cell("Refunded Amount") === "" ? "0.00" : amountOf(first.cell("Refunded Amount"), "Refunded Amount", cells);

  const key = `order ${orderId}`;
  const money = { order_id: orderId, amount: total, currency };
  const events = [
    orderStep(key, "placed", "order.placed", placedAt, who, {
      ...money,
      items: rows.flatMap((row) => itemOf(row, cells)),
      order_number: name,
      company: given(first.cell("Billing Company")),
      channel: given(first.cell("Source")),
    }),
  ];
  if (paidAt) events.push(orderStep(key, "paid", "order.paid", paidAt, who, money));
  if (shippedAt) events.push(orderStep(key, "shipped", "order.shipped", shippedAt, who, { order_id: orderId }));
  if (!isZero(returned)) {
    // The export doesn't say when: it was after all that it does say.
    const at = [placedAt, paidAt, shippedAt, cancelledAt].reduce<string>(
      (last, time) => (time && time > last ? time : last),
      "",
    );
    events.push(orderStep(key, "refunded", "order.refunded", at, who, { ...money, amount: returned }));
  }
  if (cancelledAt) {
    const amount = neverPaid(first, total, returned, cells);
    events.push(orderStep(key, "cancelled", "order.cancelled", cancelledAt, who, { ...money, amount, total }));
  }
  return events;
}

/** What cancelling takes away: money that was paid goes back by refunds, and must not be subtracted twice. */
function neverPaid(row: Row, total: string, returned: string, cells: CellOptions): string {
  const state = row.cell("Financial Status").toLowerCase();
  if (state === "paid" || state === "refunded" || state === "partially_refunded") return "0.00";
  const outstanding = row.cell("Outstanding Balance");
  if (state === "partially_paid" && outstanding !== "") return amountOf(outstanding, "Outstanding Balance", cells);
  const rest = subtractDecimals(total, returned);
  return isNegative(rest) ? "0.00" : rest;
}

function itemOf(row: Row, cells: CellOptions) {
  const name = row.cell("Lineitem name");
  if (name === "" && row.cell("Lineitem quantity") === "") return [];
  return [
    present({
      sku: given(idOf(row.cell("Lineitem sku"), "Lineitem sku")) ?? name,
      name: given(name),
      quantity: amountOf(row.cell("Lineitem quantity"), "Lineitem quantity", cells),
      unit_price: amountOf(row.cell("Lineitem price"), "Lineitem price", cells),
      vendor: given(row.cell("Vendor")),
    }),
  ];
}
