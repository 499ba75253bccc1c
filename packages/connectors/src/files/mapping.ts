import { describeIssues, type OrderState, orderStates } from "@keypulse/contracts";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { z } from "zod";
import {
  addDecimals,
  isNegative,
  isZero,
  multiplyDecimals,
  subtractDecimals,
  toContractPlaces,
  withoutSign,
} from "../amounts.ts";
import { present } from "../elements.ts";
import { ElementFault } from "../members.ts";
import { exportVersion, isPlaced, orderPlaced, orderVersion } from "../orderVersions.ts";
import { type AmountOptions, amountOf } from "./amountCells.ts";
import { type CellOptions, idOf, isTimeZone, timeOf } from "./cells.ts";
import { given, latest, type OrderFormat, type OrderRead, orderStep, type ReadOptions } from "./orderFormat.ts";
import { doubtsOf } from "./reconcile.ts";
import { columnKey, type Row } from "./row.ts";
import { UnreadableFile } from "./text.ts";

const identifierFields = ["account_id", "crm_id", "user_id", "email", "phone", "domain"] as const;
const timeFields = ["placed_at", "updated_at", "paid_at", "shipped_at", "cancelled_at", "refunded_at"] as const;
const itemFields = ["sku", "name", "category", "quantity", "unit_price"] as const;
const partFields = ["tax", "shipping", "discount"] as const;
const otherFields = ["order_id", "amount", "refunded_amount", "currency", "status"] as const;
const fields = [...otherFields, ...partFields, ...timeFields, ...identifierFields, ...itemFields] as const;
type Field = (typeof fields)[number];

/** `order.refunded` is a credit note, a row of its own; `refunded` is an order that went back. */
const statusMeanings = [
  ...(["order.placed", "order.cancelled", "order.refunded", "ignored"] as const),
  ...orderStates,
] as const;
type StatusMeaning = (typeof statusMeanings)[number];
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
    statuses: z.record(z.string(), z.enum(statusMeanings)).default({}),
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

export function mappedFormat(mapping: FileMapping, options: ReadOptions, own: AmountOptions = {}): OrderFormat {
  const cells: CellOptions & AmountOptions = {
    ...own,
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
    readOrder: (rows) =>
      readMapped({ rows, read, called: (field) => mapping.columns[field] ?? field, cells }, mapping, options),
  };
}

/** The rows of one order, and how their cells are found. */
interface MappedRows {
  rows: readonly [Row, ...Row[]];
  read(row: Row, field: Field): string;
  called(field: Field): string;
  cells: CellOptions & AmountOptions;
}

function readMapped(mapped: MappedRows, mapping: FileMapping, options: ReadOptions): OrderRead {
  const { rows, read, called } = mapped;
  /** An order's own cells may stand on its first row only, or on any one. */
  const first = (field: Field): string => rows.map((row) => read(row, field)).find((text) => text !== "") ?? "";
  const meaning = mapping.statuses[first("status")] ?? "order.placed";
  if (meaning === "ignored") return { events: [] };
  const orderId = idOf(first("order_id"), called("order_id"));
  const currency = (first("currency") || options.currency || "").toUpperCase();
  if (currency === "") throw new ElementFault(`${called("currency")}: is empty`);
  const cells = { ...mapped.cells, currency };
  const amountIn = (field: Field) => (first(field) === "" ? undefined : amountOf(first(field), called(field), cells));
  const timeIn = (field: Field) => (first(field) === "" ? undefined : timeOf(first(field), called(field), cells));
  const lines = rows.flatMap((row) => inRow(row, rows[0], () => lineOf(row, { ...mapped, cells })));
  const stated = amountIn("amount");
  const total = stated ?? sumOf(lines);
  const who = present(
    Object.fromEntries(identifierFields.map((field) => [field, given(idOf(first(field), called(field)))])),
  );
  const more = Object.fromEntries(
    Object.entries(mapping.properties).map(([name, column]) => [name, given(rows[0].cell(column))]),
  );
  const placedAt = timeOf(first("placed_at"), called("placed_at"), cells);
  const key = `order ${orderId}`;
  const money = { order_id: orderId, amount: withoutSign(total), currency };
  const items = lines.length === 0 ? undefined : lines.map(({ total: _, ...item }) => item);
  const parts = { tax: amountIn("tax"), shipping: amountIn("shipping"), discount: amountIn("discount") };
  const doubts = [
    ...doubtsOf({ total, lines: lines.map((line) => line.total), ...parts }),
    ...differentTotals(mapped, stated, lines.length),
  ];
  // A credit note is a row of its own with a negative amount.
  if (meaning === "order.refunded" || (isNegative(total) && isSale(meaning))) {
    const back = isNegative(total) ? items?.map(turnedRound) : items;
    return {
      events: [orderStep(key, "refunded", "order.refunded", placedAt, who, { ...money, items: back, ...more })],
      doubts,
    };
  }
  const times = {
    paid_at: timeIn("paid_at"),
    fulfilled_at: timeIn("shipped_at"),
    cancelled_at: timeIn("cancelled_at"),
  };
  const refundedAt = timeIn("refunded_at");
  const refunded = withoutSign(amountIn("refunded_amount") ?? (refundedAt === undefined ? "0.00" : total));
  const state = stateOf(meaning, times);
  const at = latest(placedAt, ...Object.values(times), refundedAt, timeIn("updated_at"));
  const version = orderVersion(key, at, who, {
    ...money,
    version: exportVersion(state, refunded),
    state,
    placed_at: placedAt,
    ...times,
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part && withoutSign(part)])),
    items,
    refunded: isZero(refunded) ? undefined : refunded,
    ...more,
    provider_state: given(first("status")),
  });
  const wasPlaced = isPlaced(state) || times.paid_at !== undefined || times.cancelled_at !== undefined;
  return { events: wasPlaced ? [orderPlaced(key, placedAt, who, { ...money, ...more }), version] : [version], doubts };
}

/** Whether rows of this status count, so that a negative amount in them takes away. */
const isSale = (meaning: StatusMeaning): boolean => ["order.placed", "placed", "paid", "fulfilled"].includes(meaning);

/** What an order is by its status, else by the times that it has. */
function stateOf(
  meaning: Exclude<StatusMeaning, "ignored" | "order.refunded">,
  times: { paid_at: string | undefined; fulfilled_at: string | undefined; cancelled_at: string | undefined },
): OrderState {
  if (meaning === "order.cancelled") return "cancelled";
  if (meaning !== "order.placed") return meaning;
  if (times.cancelled_at !== undefined) return "cancelled";
  if (times.fulfilled_at !== undefined) return "fulfilled";
  return times.paid_at === undefined ? "placed" : "paid";
}

/** Where rows of one order name several totals, the column may be that of its lines. */
function differentTotals({ rows, read, called }: MappedRows, stated: string | undefined, lines: number): string[] {
  if (stated === undefined || rows.length === 1) return [];
  const texts = new Set(rows.map((row) => read(row, "amount")).filter((text) => text !== ""));
  if (texts.size < 2) return [];
  const counted = `its rows name several totals in ${called("amount")}, and the first counts: ${stated}`;
  return [lines > 0 ? counted : `${counted}; if they are those of its lines, call the column unit_price`];
}

interface MappedLine {
  sku?: string;
  name?: string;
  category?: string;
  quantity?: string;
  unit_price?: string;
  total: string;
}

/** Signs stay: a discount has a negative price, a piece that came back a negative number. */
function lineOf(row: Row, { read, called, cells }: MappedRows): MappedLine[] {
  const [sku, name] = [idOf(read(row, "sku"), called("sku")), read(row, "name")];
  const [quantityCell, priceCell] = [read(row, "quantity"), read(row, "unit_price")];
  if (priceCell === "" || (sku === "" && name === "" && quantityCell === "")) return [];
  const pieces = { ...cells, currency: undefined };
  const quantity = quantityCell === "" ? "1" : amountOf(quantityCell, called("quantity"), pieces);
  const price = amountOf(priceCell, called("unit_price"), cells);
  const item = {
    sku: given(sku) ?? given(name) ?? "unnamed",
    name: given(name),
    category: given(read(row, "category")),
    quantity,
    unit_price: price,
  };
  return [{ ...present(item), total: multiplyDecimals(quantity, price) }];
}

/** Of what goes back, the number is positive. */
const turnedRound = <T extends { quantity?: string }>(item: T): T => ({
  ...item,
  quantity: subtractDecimals("0", item.quantity ?? "1"),
});

/** An order is reported by the line that it begins with; what is wrong further down says its own. */
function inRow<T>(row: Row, first: Row, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ElementFault) || row === first) throw error;
    throw new ElementFault(`${error.message} (in line ${row.line})`);
  }
}

const sumOf = (lines: MappedLine[]): string =>
  toContractPlaces(addDecimals("0.00", ...lines.map(({ total }) => total)));
