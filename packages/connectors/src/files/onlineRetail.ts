import {
  addDecimals,
  isNegative,
  multiplyDecimals,
  subtractDecimals,
  toContractPlaces,
  withoutSign,
} from "../amounts.ts";
import type { MappedEvent } from "../connector.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { amountOf } from "./amountCells.ts";
import { idOf, timeOf } from "./cells.ts";
import { cellOptions, given, type KnownTable, orderStep, type ReadOptions } from "./orderFormat.ts";
import type { Row } from "./row.ts";

const number = ["InvoiceNo", "Invoice"] as const;
const price = ["UnitPrice", "Price"] as const;
const customer = ["CustomerID", "Customer ID"] as const;

/** Postage, discounts, fees and corrections have codes without digits; C2 is carriage. */
const isProduct = (code: string): boolean => /\d/.test(code) && code !== "C2";

/**
 * The UCI data sets Online Retail and Online Retail II: a British wholesaler's invoices, a row a line.
 * Source: Chen, D. (2015), doi:10.24432/C5BW33.
 */
export const onlineRetail: KnownTable = {
  title: "Online Retail (UCI)",
  needed: [number, ["StockCode"], ["Quantity"], ["InvoiceDate"], price, customer],
  create: (options) => ({
    groupOf: (row) => idOf(row.cell(...number), "InvoiceNo"),
    readOrder: (rows) => ({ events: [invoice(rows, options)] }),
  }),
};

/**
 * Quantities are negative where goods came back: on C… invoices, which cancel, and where stock was written off. There
 * the type says that they go back, and their number is turned round.
 */
function invoice(rows: readonly [Row, ...Row[]], options: ReadOptions): MappedEvent {
  const [first] = rows;
  const orderId = idOf(first.cell(...number), "InvoiceNo");
  const cells = { ...cellOptions(options, "Europe/London"), plainPoint: true };
  const lines = rows.map((row) => {
    const quantity = amountOf(row.cell("Quantity"), "Quantity", cells);
    const unitPrice = amountOf(row.cell(...price), "UnitPrice", cells);
    return { row, quantity, unitPrice, total: multiplyDecimals(quantity, unitPrice) };
  });
  const sum = addDecimals("0.00", ...lines.map(({ total }) => total));
  const isReturn = isNegative(sum) || lines.every(({ quantity }) => isNegative(quantity));
  const step = orderId.toUpperCase().startsWith("C") ? "cancelled" : isReturn ? "refunded" : "placed";
  const items = lines.map(({ row, quantity, unitPrice }) => {
    const sku = idOf(row.cell("StockCode"), "StockCode");
    if (sku === "") throw new ElementFault("StockCode: is empty");
    return present({
      sku,
      name: given(row.cell("Description")),
      quantity: step === "placed" ? quantity : subtractDecimals("0", quantity),
      unit_price: unitPrice,
    });
  });
  const charges = items.filter(({ sku }) => !isProduct(sku ?? ""));
  const account = idOf(first.cell(...customer), "CustomerID");
  return orderStep(
    `order ${orderId}`,
    step,
    `order.${step}`,
    invoiceDate(first, options),
    present({ account_id: given(account) }),
    {
      order_id: orderId,
      amount: toContractPlaces(withoutSign(sum)),
      currency: options.currency ?? "GBP",
      items: items.filter(({ sku }) => isProduct(sku ?? "")),
      charges: charges.length > 0 ? charges : undefined,
      country: given(first.cell("Country")),
    },
  );
}

/** London's clocks, as 12/1/2010 8:26 (the first of December) or, in some copies, as ISO 8601. */
function invoiceDate(row: Row, options: ReadOptions): string {
  const cell = row.cell("InvoiceDate");
  const american = /^\d+\/\d+\/\d{4} /.test(cell) ? "M/d/yyyy H:mm" : undefined;
  return timeOf(cell, "InvoiceDate", cellOptions(options, "Europe/London", american));
}
