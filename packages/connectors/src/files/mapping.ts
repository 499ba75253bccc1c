import { describeIssues } from "@keypulse/contracts";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { z } from "zod";
import { addDecimals, isNegative, multiplyDecimals, toContractPlaces, withoutSign } from "../amounts.ts";
import type { MappedEvent } from "../connector.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { amountOf, type CellOptions, idOf, isTimeZone, timeOf } from "./cells.ts";
import { given, type OrderFormat, orderStep, type ReadOptions } from "./orderFormat.ts";
import { columnKey, type Row } from "./row.ts";
import { UnreadableFile } from "./text.ts";

const identifierFields = ["account_id", "crm_id", "user_id", "email", "phone", "domain"] as const;
const timeFields = ["placed_at", "paid_at", "shipped_at", "cancelled_at", "refunded_at"] as const;
const itemFields = ["sku", "name", "category", "quantity", "unit_price"] as const;
const otherFields = ["order_id", "amount", "refunded_amount", "currency", "status"] as const;
const fields = [...otherFields, ...timeFields, ...identifierFields, ...itemFields] as const;
type Field = (typeof fields)[number];

const statusTypes = ["order.placed", "order.cancelled", "order.refunded", "ignored"] as const;
const cell = z.string().min(1);

const mappingSchema = z
  .strictObject({
    /** Our field: the file's column, or the path to a member where lines are JSON. */
    columns: z.partialRecord(z.enum(fields), cell),
    /** Our field: what it is on every row. */
    constants: z.partialRecord(z.enum(fields), z.union([z.string(), z.number()]).transform(String)).default({}),
    /** Further properties of an order, by the columns that they stand in. */
    properties: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/, "must be lower_case"), cell).default({}),
    /** What an order is by the cell of `status`; `order.placed` where the cell isn't listed. */
    statuses: z.record(z.string(), z.enum(statusTypes)).default({}),
    time_zone: z.string().refine(isTimeZone, "must be an IANA time zone, such as Europe/Berlin").optional(),
    /** Luxon's tokens, such as dd.MM.yyyy HH:mm; ISO 8601 where it is absent. */
    time_format: cell.optional(),
    decimal_comma: z.boolean().optional(),
    delimiter: z.string().length(1).optional(),
    encoding: cell.optional(),
  })
  .superRefine((mapping, context) => {
    const known = (field: Field) => mapping.columns[field] !== undefined || mapping.constants[field] !== undefined;
    const wanted = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (mapping.columns.order_id === undefined) wanted("columns", "order_id: must be a column");
    if (mapping.columns.placed_at === undefined) wanted("columns", "placed_at: must be a column");
    if (!known("currency")) wanted("columns", "currency: must be a column or a constant");
    if (!known("amount") && !(known("quantity") && known("unit_price"))) {
      wanted("columns", "amount: must be a column, or quantity and unit_price must be");
    }
    if (!identifierFields.some(known)) wanted("columns", `one of ${identifierFields.join(", ")} must be a column`);
  });

/** How a file that nobody knows is to be read. */
export type FileMapping = z.infer<typeof mappingSchema>;

/** @param text YAML or JSON @throws UnreadableFile naming all that is wrong with it */
export function parseMapping(text: string): FileMapping {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UnreadableFile(`the mapping is neither YAML nor JSON: ${error.message.split("\n")[0]}`);
  }
  const result = mappingSchema.safeParse(value);
  if (!result.success) throw new UnreadableFile(`the mapping: ${describeIssues(result.error.issues)}`);
  return result.data;
}

/** Columns that a mapping names and a header lacks. */
export function missingColumns({ columns, properties }: FileMapping, header: readonly string[]): string[] {
  const there = new Set(header.map(columnKey));
  return [...Object.values(columns), ...Object.values(properties)].filter((name) => !there.has(columnKey(name)));
}

export function mappedFormat(mapping: FileMapping, options: ReadOptions): OrderFormat {
  const cells: CellOptions = {
    timeZone: options.timeZone ?? mapping.time_zone ?? "UTC",
    timeFormat: mapping.time_format,
    decimalComma: options.decimalComma ?? mapping.decimal_comma,
  };
  const read = (row: Row, field: Field): string => {
    const column = mapping.columns[field];
    return (column === undefined ? "" : row.cell(column)) || (mapping.constants[field] ?? "");
  };
  return {
    groupOf: (row) => idOf(read(row, "order_id"), mapping.columns.order_id ?? "order_id"),
    eventsOf: (rows) => eventsOf(rows, read, cells, mapping, options),
  };
}

function eventsOf(
  rows: readonly [Row, ...Row[]],
  read: (row: Row, field: Field) => string,
  cells: CellOptions,
  mapping: FileMapping,
  options: ReadOptions,
): MappedEvent[] {
  /** An order's own cells may stand on its first row only, or on any one. */
  const first = (field: Field): string => rows.map((row) => read(row, field)).find((text) => text !== "") ?? "";
  const called = (field: Field): string => mapping.columns[field] ?? field;
  const status = mapping.statuses[first("status")] ?? "order.placed";
  if (status === "ignored") return [];
  const timeIn = (field: Field) => (first(field) === "" ? undefined : timeOf(first(field), called(field), cells));
  const orderId = idOf(first("order_id"), called("order_id"));
  const items = rows.flatMap((row) => itemOf(row, read, called, cells));
  const total = first("amount") === "" ? sumOf(items) : amountOf(first("amount"), called("amount"), cells);
  const currency = (first("currency") || options.currency || "").toUpperCase();
  if (currency === "") throw new ElementFault(`${called("currency")}: is empty`);
  const who = present(
    Object.fromEntries(identifierFields.map((field) => [field, given(idOf(first(field), called(field)))])),
  );
  const money = { order_id: orderId, amount: withoutSign(total), currency };
  const more = Object.fromEntries(
    Object.entries(mapping.properties).map(([name, column]) => [name, given(rows[0].cell(column))]),
  );
  const placedAt = timeOf(first("placed_at"), called("placed_at"), cells);
  const key = `order ${orderId}`;
  const plainItems = items.map(({ total: _, ...item }) => item);
  const body = { ...money, items: plainItems.length > 0 ? plainItems : undefined, ...more };
  // A credit note is a row of its own with a negative amount.
  const type = isNegative(total) && status === "order.placed" ? "order.refunded" : status;
  if (type !== "order.placed") return [orderStep(key, type.slice("order.".length), type, placedAt, who, body)];

  const events = [orderStep(key, "placed", "order.placed", placedAt, who, body)];
  const [paidAt, shippedAt] = [timeIn("paid_at"), timeIn("shipped_at")];
  const [cancelledAt, refundedAt] = [timeIn("cancelled_at"), timeIn("refunded_at")];
  if (paidAt) events.push(orderStep(key, "paid", "order.paid", paidAt, who, money));
  if (shippedAt) events.push(orderStep(key, "shipped", "order.shipped", shippedAt, who, { order_id: orderId }));
  if (cancelledAt) events.push(orderStep(key, "cancelled", "order.cancelled", cancelledAt, who, money));
  if (refundedAt && !cancelledAt) {
    const cell = first("refunded_amount");
    const amount = cell === "" ? money.amount : withoutSign(amountOf(cell, called("refunded_amount"), cells));
    events.push(orderStep(key, "refunded", "order.refunded", refundedAt, who, { ...money, amount }));
  }
  return events;
}

interface MappedItem {
  sku?: string;
  name?: string;
  category?: string;
  quantity?: string;
  unit_price?: string;
  total: string;
}

function itemOf(
  row: Row,
  read: (row: Row, field: Field) => string,
  called: (field: Field) => string,
  cells: CellOptions,
): MappedItem[] {
  const [sku, name] = [idOf(read(row, "sku"), called("sku")), read(row, "name")];
  const [quantityCell, priceCell] = [read(row, "quantity"), read(row, "unit_price")];
  if (priceCell === "" || (sku === "" && name === "" && quantityCell === "")) return [];
  const quantity = quantityCell === "" ? "1" : amountOf(quantityCell, called("quantity"), cells);
  const price = amountOf(priceCell, called("unit_price"), cells);
  const item = {
    sku: given(sku) ?? given(name) ?? "unnamed",
    name: given(name),
    category: given(read(row, "category")),
    quantity: withoutSign(quantity),
    unit_price: withoutSign(price),
  };
  return [{ ...present(item), total: multiplyDecimals(quantity, price) }];
}

const sumOf = (items: MappedItem[]): string =>
  toContractPlaces(addDecimals("0.00", ...items.map(({ total }) => total)));
