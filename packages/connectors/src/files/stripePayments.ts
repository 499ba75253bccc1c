import { isZero } from "../amounts.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { exportVersion, orderPlaced, orderVersion } from "../orderVersions.ts";
import { amountOf } from "./amountCells.ts";
import { idOf, timeOf } from "./cells.ts";
import { cellOptions, given, type KnownTable, latest, type OrderRead, type ReadOptions } from "./orderFormat.ts";
import type { Row } from "./row.ts";

const created = ["Created date (UTC)", "Created (UTC)"] as const;

/** Payments from Stripe's dashboard, a row a payment; amounts are in major units. Its columns' names vary. */
export const stripePayments: KnownTable = {
  title: "Stripe payments export",
  needed: [["id"], created, ["Amount"], ["Currency"], ["Status"], ["Customer Email"]],
  create: (options) => ({
    groupOf: (row) => idOf(row.cell("id"), "id"),
    readOrder: ([row]) => payment(row, options),
  }),
};

/** The same sale as the webhooks tell: the invoice where the payment is for one, else the payment, else the charge. */
function payment(row: Row, options: ReadOptions): OrderRead {
  const status = row.cell("Status").toLowerCase();
  // Failed, canceled, uncaptured, requires_… : no money came.
  if (!/^(paid|succeeded|refunded|partial(ly)?[ _]refund(ed)?)$/.test(status)) return { events: [] };
  if (row.cell("Captured").toLowerCase() === "false" || row.cell("Mode").toLowerCase() === "test")
    return { events: [] };
  const cells = cellOptions({ ...options, timeZone: "UTC" }, "UTC");
  const paymentId = given(row.cell("PaymentIntent ID")) ?? idOf(row.cell("id"), "id");
  const invoice = given(row.cell("Invoice ID"));
  const key = invoice ?? paymentId;
  const at = timeOf(row.cell(...created), created[0], cells);
  const currency = (given(row.cell("Currency")) ?? options.currency ?? "").toUpperCase();
  if (currency === "") throw new ElementFault("Currency: is empty");
  const amounts = { ...cells, currency, plainPoint: true };
  const payer = given(row.cell("Customer ID"));
  const who = present({
    user_id: payer && `stripe:customer:${payer}`,
    email: given(row.cell("Customer Email")),
  });
  const money = { order_id: key, payer, amount: amountOf(row.cell("Amount"), "Amount", amounts), currency };
  const returned = row.cell("Amount Refunded");
  const refunded = returned === "" ? "0.00" : amountOf(returned, "Amount Refunded", amounts);
  const refundedDate = row.cell("Refunded date (UTC)");
  const refundedAt = refundedDate === "" ? undefined : timeOf(refundedDate, "Refunded date (UTC)", cells);
  const back = isZero(refunded) ? undefined : refunded;
  const changedAt = latest(at, refundedAt);
  const version = orderVersion(key, changedAt, who, {
    ...money,
    version: exportVersion("paid", refunded),
    state: "paid",
    paid_at: at,
    refunded: invoice === undefined ? back : undefined,
    description: given(row.cell("Description")),
    provider_state: status,
  });
  const events = [orderPlaced(key, at, who, money), version];
  if (invoice !== undefined) {
    // What went back is told of the payment, as webhooks tell it: so it counts once.
    const part = { order_id: paymentId, part_of: invoice, payer, currency, refunded: back };
    events.push(orderVersion(paymentId, changedAt, who, { ...part, version: exportVersion("paid", refunded) }));
  }
  return { events };
}
