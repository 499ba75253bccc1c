import { isZero, multiplyDecimals, perPiece, subtractDecimals } from "../amounts.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { exportVersion, isPlaced, orderPlaced, orderVersion } from "../orderVersions.ts";
import { stateOf } from "../shopify/states.ts";
import { type AmountOptions, amountOf } from "./amountCells.ts";
import { idOf, timeOf } from "./cells.ts";
import { cellOptions, given, type KnownTable, latest, type OrderRead, type ReadOptions } from "./orderFormat.ts";
import { doubtsOf } from "./reconcile.ts";
import type { Row } from "./row.ts";

/** Export of orders from a Shopify admin: a row a line item, the order's own cells on its first row only. */
export const shopifyOrders: KnownTable = {
  title: "Shopify orders export",
  needed: [["Name"], ["Financial Status"], ["Created at"], ["Total"], ["Currency"], ["Lineitem quantity"]],
  create: (options) => ({
    groupOf: (row) => row.cell("Name"),
    readOrder: (rows) => order(rows, options),
  }),
};

/**
 * The order as it was when the file was made, which the file doesn't say: it is told as of the latest time that it names,
 * so that what webhooks tell of later stays. Refunds are a sum, which counts for what is known by no refund's id.
 */
function order(rows: readonly [Row, ...Row[]], options: ReadOptions): OrderRead {
  const [first] = rows;
  // Times have their offset; UTC is for copies that lost it.
  const cells = cellOptions(options, "UTC");
  const name = first.cell("Name");
  // Old exports have no Id; the number with # is unique in one shop only.
  const orderId = given(idOf(first.cell("Id"), "Id")) ?? `${options.shop ?? ""}${name}`;
  const currency = given(first.cell("Currency")) ?? options.currency;
  if (currency === undefined) throw new ElementFault("Currency: is empty");
  const amounts = { ...cells, currency, plainPoint: true };
  const sumIn = (column: string): string | undefined =>
    first.cell(column) === "" ? undefined : amountOf(first.cell(column), column, amounts);
  const total = amountOf(first.cell("Total"), "Total", amounts);
  const phone = first.cell("Phone") || first.cell("Billing Phone");
  const who = present({ email: given(first.cell("Email")), phone: given(idOf(phone, "Phone")) });
  const placedAt = timeOf(first.cell("Created at"), "Created at", cells);
  const timeIn = (column: string): string | undefined =>
    first.cell(column) === "" ? undefined : timeOf(first.cell(column), column, cells);
  const [paidAt, shippedAt, cancelledAt] = [timeIn("Paid at"), timeIn("Fulfilled at"), timeIn("Cancelled at")];
  const financial = given(first.cell("Financial Status").toLowerCase());
  const isFulfilled = first.cell("Fulfillment Status").toLowerCase() === "fulfilled";
  const state = stateOf(financial, cancelledAt !== undefined, isFulfilled);
  const refunded = sumIn("Refunded Amount") ?? "0.00";
  const lines = rows.flatMap((row) => lineOf(row, amounts));
  const parts = { tax: sumIn("Taxes"), shipping: sumIn("Shipping"), discount: sumIn("Discount Amount") };

  const key = `order ${orderId}`;
  const money = { order_id: orderId, amount: total, currency };
  const names = {
    order_number: name,
    company: given(first.cell("Billing Company")),
    channel: given(first.cell("Source")),
  };
  const version = orderVersion(key, latest(placedAt, paidAt, shippedAt, cancelledAt), who, {
    ...money,
    version: exportVersion(state, refunded),
    state,
    placed_at: placedAt,
    paid_at: paidAt,
    fulfilled_at: isFulfilled ? shippedAt : undefined,
    cancelled_at: cancelledAt,
    ...parts,
    items: lines.map(({ item }) => item),
    refunded: isZero(refunded) ? undefined : refunded,
    ...names,
    provider_state: financial,
  });
  const wasPlaced = isPlaced(state) || paidAt !== undefined;
  return {
    events: wasPlaced ? [orderPlaced(key, placedAt, who, { ...money, ...names }), version] : [version],
    doubts: doubtsOf({ total, lines: lines.map((line) => line.total), ...parts }),
  };
}

function lineOf(row: Row, amounts: AmountOptions) {
  const name = row.cell("Lineitem name");
  if (name === "" && row.cell("Lineitem quantity") === "") return [];
  const quantity = amountOf(row.cell("Lineitem quantity"), "Lineitem quantity", { ...amounts, currency: undefined });
  const price = amountOf(row.cell("Lineitem price"), "Lineitem price", amounts);
  const discount = row.cell("Lineitem discount");
  const less = discount === "" ? "0" : amountOf(discount, "Lineitem discount", amounts);
  const total = subtractDecimals(multiplyDecimals(quantity, price), less);
  const item = present({
    sku: given(idOf(row.cell("Lineitem sku"), "Lineitem sku")) ?? name,
    name: given(name),
    quantity,
    unit_price: isZero(less) ? price : (perPiece(total, quantity) ?? price),
    vendor: given(row.cell("Vendor")),
  });
  return [{ item, total }];
}
