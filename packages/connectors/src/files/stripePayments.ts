import { isZero } from "../amounts.ts";
import type { MappedEvent } from "../connector.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { amountOf, idOf, timeOf } from "./cells.ts";
import { cellOptions, given, type KnownTable, orderStep, type ReadOptions } from "./orderFormat.ts";
import type { Row } from "./row.ts";

const created = ["Created date (UTC)", "Created (UTC)"] as const;
const customerId = ["Customer ID"] as const;

/** Payments from Stripe's dashboard, a row a payment; amounts are in major units. Its columns' names vary. */
export const stripePayments: KnownTable = {
  title: "Stripe payments export",
  needed: [["id"], created, ["Amount"], ["Currency"], ["Status"], ["Customer Email"]],
  create: (options) => ({
    groupOf: (row) => idOf(row.cell("id"), "id"),
    eventsOf: ([row]) => payment(row, options),
  }),
};

function payment(row: Row, options: ReadOptions): MappedEvent[] {
  const state = row.cell("Status").toLowerCase();
  // Failed, canceled, requires_… : no money came.
  if (!/^(paid|succeeded|refunded|partial(ly)?[ _]refund(ed)?)$/.test(state)) return [];
  const cells = cellOptions({ ...options, timeZone: "UTC" }, "UTC");
  const id = given(row.cell("PaymentIntent ID")) ?? idOf(row.cell("id"), "id");
  const at = timeOf(row.cell(...created), created[0], cells);
  const currency = (given(row.cell("Currency")) ?? options.currency ?? "").toUpperCase();
  if (currency === "") throw new ElementFault("Currency: is empty");
  const customer = given(row.cell(...customerId));
  const who = present({
    user_id: customer && `stripe:customer:${customer}`,
    email: given(row.cell("Customer Email")),
  });
  const money = { order_id: id, amount: amountOf(row.cell("Amount"), "Amount", cells), currency };
  const events = [
    orderStep(id, "placed", "order.placed", at, who, { ...money, description: given(row.cell("Description")) }),
    orderStep(id, "paid", "order.paid", at, who, money),
  ];
  const returned = row.cell("Amount Refunded");
  if (returned !== "") {
    const amount = amountOf(returned, "Amount Refunded", cells);
    const refundedAt = row.cell("Refunded date (UTC)");
    const when = refundedAt === "" ? at : timeOf(refundedAt, "Refunded date (UTC)", cells);
    if (!isZero(amount)) events.push(orderStep(id, "refunded", "order.refunded", when, who, { ...money, amount }));
  }
  return events;
}
