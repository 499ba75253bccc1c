import { currencySchema } from "@keypulse/contracts";
import { asDecimal, toContractPlaces } from "../amounts.ts";
import { ElementFault } from "../members.ts";
import { quoted } from "./cells.ts";

/** How a file writes its amounts. */
export interface AmountOptions {
  /** Whether a comma divides, and a point may group; where it is absent, only what can't be mistaken is read. */
  decimalComma?: boolean | undefined;
  /** The program that made the file writes a decimal point and groups nothing, so that 1.234 is no thousand. */
  plainPoint?: boolean | undefined;
  /** ISO 4217, of amounts of money: one without decimals is never divided. */
  currency?: string | undefined;
}

/** By far the most cells: nothing in them can be mistaken. */
const plain = /^-?\d+(\.\d{1,2})?$/;

/** Characters that group and never divide. */
const groupers = /[\s\u00a0\u202f'’]/;

/**
 * A decimal with point, sign kept. A minus may stand on either side, or parentheses around; the order's own currency may
 * stand beside it. A separator of thousands stands before groups of exactly three digits, and nowhere else.
 * @throws ElementFault quoting the cell where it is no amount, or could be two
 */
export function amountOf(cell: string, column: string, options: AmountOptions): string {
  if (plain.test(cell) && !(options.decimalComma === true && cell.includes("."))) return cell;
  if (cell.trim() === "") throw new ElementFault(`${column}: is empty`);
  const { sign, digits } = withoutMarks(cell, column, options.currency);
  const result = pointed(digits, options);
  if (result === "ambiguous") {
    const [thousands, parts] = [digits.replace(/\D/g, ""), digits.replace(",", ".")];
    throw new ElementFault(
      `${column}: "${quoted(cell)}" may be ${thousands} or ${parts}; say so (decimal_comma) in the mapping, or by --decimal-comma or --no-decimal-comma`,
    );
  }
  const amount = asDecimal(result);
  if (amount === undefined)
    throw new ElementFault(`${column}: is not an amount: "${quoted(cell)}"${hint(digits, options)}`);
  return toContractPlaces(sign === "-" ? `-${amount}` : amount);
}

/** What speaks against a text that would be an amount the other way. */
function hint(digits: string, { decimalComma, ...options }: AmountOptions): string {
  if (
    decimalComma === undefined ||
    asDecimal(pointed(digits, { ...options, decimalComma: !decimalComma })) === undefined
  ) {
    return "";
  }
  const [has, said] = decimalComma ? ["point", "true"] : ["comma", "false"];
  return ` has a decimal ${has}, but decimal_comma is ${said}`;
}

const symbols: Readonly<Record<string, readonly string[]>> = {
  "€": ["EUR"],
  "£": ["GBP"],
  "¥": ["JPY", "CNY"],
  "₽": ["RUB"],
  "₴": ["UAH"],
  "₹": ["INR"],
  "₩": ["KRW"],
  zł: ["PLN"],
  Kč: ["CZK"],
};
const mark = "[€£¥₽₴₹₩$]|zł|Kč|[A-Z]{3}";
const shape = new RegExp(
  `^([+-]?)\\s*(${mark})?\\s*([+-]?)\\s*([\\d.,\\s\\u00a0\\u202f'’]*\\d)\\s*([+-]?)\\s*(${mark})?\\s*([+-]?)$`,
  "u",
);

function withoutMarks(cell: string, column: string, currency: string | undefined): { sign: string; digits: string } {
  const text = cell.trim().replaceAll("−", "-");
  const inner = /^\((.*)\)$/.exec(text)?.[1];
  const [, before, left, within, digits, after, right, last] = shape.exec(inner?.trim() ?? text) ?? [];
  const signs = [before, within, after, last].filter((sign) => sign !== undefined && sign !== "");
  if (digits === undefined || signs.length > 1 || (inner !== undefined && signs.length > 0)) {
    return { sign: "", digits: text };
  }
  for (const name of [left, right]) {
    if (name !== undefined && !isOf(name, currency)) {
      throw new ElementFault(
        `${column}: "${quoted(cell)}" is not in the order's currency${currency ? `, ${currency}` : ""}`,
      );
    }
  }
  return { sign: inner === undefined ? (signs[0] ?? "") : "-", digits };
}

function isOf(name: string, currency: string | undefined): boolean {
  if (currency === undefined) return name.length < 3 || currencySchema.safeParse(name).success;
  if (name === "$") return currency.endsWith("D") || currency === "MXN" || currency === "CLP" || currency === "COP";
  return (symbols[name] ?? [name]).includes(currency);
}

/** What no amount is read from. */
const none = "";

/** Digits with a point before the decimals and nothing else. */
function pointed(digits: string, { decimalComma, plainPoint, currency }: AmountOptions): string | "ambiguous" {
  if (groupers.test(digits)) return groupedByBlanks(digits, decimalComma);
  if (decimalComma !== undefined) return decimalComma ? divided(digits, ",", ".") : divided(digits, ".", ",");
  const [comma, point] = [digits.lastIndexOf(","), digits.lastIndexOf(".")];
  if (comma >= 0 && point >= 0) return comma > point ? divided(digits, ",", ".") : divided(digits, ".", ",");
  const separator = comma >= 0 ? "," : ".";
  const parts = digits.split(separator);
  if (parts.length === 1) return digits;
  // More than one of a kind group.
  if (parts.length > 2) return divided(digits, separator === "," ? "." : ",", separator);
  const couldGroup = parts[1]?.length === 3 && /^[1-9]\d{0,2}$/.test(parts[0] ?? "");
  if (!couldGroup || (separator === "." && plainPoint === true)) return parts.join(".");
  return currency !== undefined && placesOf(currency) === 0 ? parts.join("") : "ambiguous";
}

const escaped = { ".": "\\.", ",": "," } as const;
const dividedShapes = new Map(
  ([".", ","] as const).map((decimal) => {
    const group = decimal === "." ? "," : ".";
    return [decimal, new RegExp(`^(\\d+|[1-9]\\d{0,2}(${escaped[group]}\\d{3})+)(${escaped[decimal]}\\d+)?$`)];
  }),
);

function divided(digits: string, decimal: "." | ",", group: "." | ","): string {
  return dividedShapes.get(decimal)?.test(digits) ? digits.replaceAll(group, "").replace(decimal, ".") : none;
}

/** 1 234,50 and 1'234.50: what follows the groups can only divide. */
function groupedByBlanks(digits: string, decimalComma: boolean | undefined): string {
  const decimal = decimalComma === undefined ? "[.,]" : decimalComma ? "," : "\\.";
  const groups = new RegExp(`^[1-9]\\d{0,2}(?:([\\s\\u00a0\\u202f'’])\\d{3})(?:\\1\\d{3})*(?:${decimal}\\d+)?$`, "u");
  return groups.test(digits) ? digits.replace(new RegExp(groupers, "gu"), "").replace(",", ".") : none;
}

const places = new Map<string, number>();

/** Decimals of a currency by ISO 4217, as this machine's ICU has them. */
function placesOf(currency: string): number {
  const known = places.get(currency);
  if (known !== undefined) return known;
  const found = currencySchema.safeParse(currency).success
    ? (new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2)
    : 2;
  places.set(currency, found);
  return found;
}
