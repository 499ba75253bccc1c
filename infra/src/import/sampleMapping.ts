import type { ReadOptions } from "@keypulse/connectors/files";
import { parse } from "csv-parse/sync";

interface Table {
  delimiter: string;
  columns: readonly string[];
}

/** Fields of a mapping, and what columns of theirs are called in files of shops and bookkeeping programs. */
const names: readonly (readonly [field: string, name: RegExp])[] = [
  ["email", /mail/],
  ["phone", /phone|telefon|\btel\b|mobil/],
  ["status", /status|state|etat/],
  ["currency", /currency|wahrung|devise|moneda|valuta/],
  ["refunded_at", /(refund|erstatt|rembours).*(at|date|datum|am)\b/],
  ["cancelled_at", /(cancel|storn|annul).*(at|date|datum|am)\b/],
  ["shipped_at", /(ship|versand|liefer|exped|envio).*(at|date|datum|am)\b/],
  ["paid_at", /(paid|payment|bezahlt|zahlung|paye|pago).*(at|date|datum|am)\b/],
  ["placed_at", /date|datum|\btime\b|zeit|created|fecha|\bdata\b/],
  ["order_id", /(order|invoice|bestell|auftrag|beleg|rechnung|commande|facture|pedido|factura|ordine|fattura)/],
  ["account_id", /(customer|client|account|kunde|debitor|kund|cliente|buyer)/],
  ["unit_price", /unit.?price|einzelpreis|stuckpreis|prix unitaire|precio|\bprice\b|\bpreis\b|\bprix\b|prezzo/],
  ["quantity", /quantity|\bqty\b|menge|anzahl|quantite|cantidad|quantita/],
  ["amount", /total|amount|betrag|summe|montant|importe|importo|umsatz|revenue/],
  ["sku", /\bsku\b|article|artikel|item.?(no|id|code|number)|stock.?code|product.?(no|id|code)|\bref/],
  ["name", /product|description|bezeichnung|designation|descripcion|descrizione|item/],
  ["category", /categor|kategorie|warengruppe/],
];

/** Luxon's tokens for what a first cell may look like; ISO 8601 needs none. */
const timeFormats: readonly (readonly [shape: RegExp, format: string])[] = [
  [/^\d{1,2}\.\d{1,2}\.\d{4}/, "d.M.yyyy"],
  [/^(1[3-9]|2\d|3[01])\/\d{1,2}\/\d{4}/, "d/M/yyyy"],
  [/^\d{1,2}\/\d{1,2}\/\d{4}/, "M/d/yyyy"],
  [/^\d{1,2}-\d{1,2}-\d{4}/, "d-M-yyyy"],
  [/^\d{4}\/\d{1,2}\/\d{1,2}/, "yyyy/M/d"],
];

/** As a person would write them. */
const inOrder = [
  ...["order_id", "placed_at", "account_id", "email", "phone", "amount", "currency", "status"],
  ...["paid_at", "shipped_at", "cancelled_at", "refunded_at"],
  ...["sku", "name", "category", "quantity", "unit_price"],
];

const identifiers = ["account_id", "email", "phone"];

/**
 * A mapping for a table that nobody knows, guessed from its columns' names and its first row.
 * @returns YAML, and the fields that a person has to fill in
 */
export function sampleMapping(
  { delimiter, columns }: Table,
  header: string,
  firstRow: string | undefined,
  { timeZone, currency, encoding }: ReadOptions,
): { text: string; missing: string[] } {
  const cells = cellsOf(`${header}\n${firstRow ?? ""}`, delimiter);
  const guessed = guess(columns);
  const cell = (field: string): string => cells[columns.indexOf(guessed.get(field) ?? "")]?.trim() ?? "";
  const missing = [
    ...["order_id", "placed_at"].filter((field) => !guessed.has(field)),
    ...(guessed.has("amount") || (guessed.has("quantity") && guessed.has("unit_price")) ? [] : ["amount"]),
    ...(identifiers.some((field) => guessed.has(field)) ? [] : ["account_id"]),
  ];
  const format = timeFormatOf(cell("placed_at"));
  const amounts = [cell("amount"), cell("unit_price")];
  const comma = amounts.some((amount) => /,\d{1,2}$/.test(amount));
  const doubtful = amounts.find((amount) => /^-?[1-9]\d{0,2}[.,]\d{3}$/.test(amount));
  const unused = columns.filter((column) => ![...guessed.values()].includes(column));
  const lines = [
    "columns:  # our field: the file's column",
    ...missing.map((field) => `  ${field}: ""  # ${fillIn[field]}`),
    ...inOrder.flatMap((field) => {
      const column = guessed.get(field);
      return column === undefined ? [] : [`  ${field}: ${scalar(column)}`];
    }),
    ...(guessed.has("currency") ? [] : ["constants:", `  currency: ${currency ?? "EUR"}  # of all amounts`]),
    ...(guessed.has("status")
      ? [
          "statuses:  # what stands there: placed (also where it isn't listed), pending, paid, fulfilled, refunded, failed, …",
          "  cancelled: cancelled",
          "  draft: ignored",
        ]
      : []),
    `time_zone: ${timeZone ?? "UTC"}  # of the clocks by which times are written`,
    ...(format === undefined ? [] : [`time_format: ${format}  # as in ${cell("placed_at")}`]),
    ...(comma ? ["decimal_comma: true"] : []),
    ...(!comma && doubtful !== undefined
      ? [`# decimal_comma: true or false, for ${doubtful} can be read in two ways`]
      : []),
    ...(encoding === undefined ? [] : [`encoding: ${scalar(encoding)}`]),
    ...(unused.length > 0 ? [`# not used: ${unused.join(", ")}`] : []),
  ];
  return { text: `${lines.join("\n")}\n`, missing };
}

const fillIn: Record<string, string> = {
  order_id: "the order's number",
  placed_at: "when it was placed",
  amount: "what it came to; or quantity and unit_price",
  account_id: "the client's number; or email, user_id, crm_id, phone, domain",
};

/** Each field takes the first column whose name fits and that no other field took. */
function guess(columns: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [field, pattern] of names) {
    const column = columns.find((name) => pattern.test(plain(name)) && ![...found.values()].includes(name));
    if (column !== undefined && column !== "") found.set(field, column);
  }
  return found;
}

const plain = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[_.-]+/g, " ");

function cellsOf(text: string, delimiter: string): string[] {
  const rows: string[][] = parse(text, { delimiter, relax_quotes: true, relax_column_count: true, to: 2, bom: true });
  return rows[1] ?? [];
}

function timeFormatOf(cell: string): string | undefined {
  const day = timeFormats.find(([shape]) => shape.test(cell))?.[1];
  if (day === undefined) return undefined;
  const time = /\d:\d\d:\d\d/.test(cell) ? " H:mm:ss" : /\d:\d\d/.test(cell) ? " H:mm" : "";
  return `${day}${time}${/[ap]m$/i.test(cell) ? " a" : ""}`;
}

/** A text as YAML; JSON's texts are YAML's too. */
const scalar = (text: string): string => (/^\p{L}[\p{L}\p{N} _/()-]*$/u.test(text) ? text : JSON.stringify(text));
