import { z } from "zod";

/** Largest amount of one event or line, in major units. More is taken for a fault of the sender. */
export const maxAmount = 1_000_000_000_000;

const decimalText = /^\d{1,13}(\.\d{1,4})?$/;

const wrongDecimal = `must be a decimal from 0 to ${maxAmount} with at most 4 places, such as "12.50"`;

/**
 * A non-negative decimal with at most four places, as a text ("12.50") or a JSON number; always handed on as a text,
 * so that no binary fraction reaches the warehouse. What a type does to revenue (add, subtract) is the type's business.
 */
export const decimalSchema = z.union(
  [
    z.string().refine(isDecimal, { error: wrongDecimal }),
    z
      .number()
      .transform(plainDecimal)
      .pipe(z.string().refine(isDecimal, { error: wrongDecimal })),
  ],
  { error: wrongDecimal },
);

const wrongSigned = `must be a decimal from -${maxAmount} to ${maxAmount} with at most 4 places, such as "-12.50"`;

/** The same with a sign: pieces and prices of an order's lines, where a discount or a returned piece is negative. */
export const signedDecimalSchema = z.union(
  [
    z.string().refine(isSignedDecimal, { error: wrongSigned }),
    z
      .number()
      .transform(plainDecimal)
      .pipe(z.string().refine(isSignedDecimal, { error: wrongSigned })),
  ],
  { error: wrongSigned },
);

function isSignedDecimal(text: string): boolean {
  return isDecimal(text.startsWith("-") ? text.slice(1) : text);
}

function isDecimal(text: string): boolean {
  return decimalText.test(text) && Number(text) <= maxAmount;
}

/** JSON numbers print as their shortest text (2.55 stays 2.55); tiny ones would print with an exponent. */
function plainDecimal(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(4) : text;
}

const knownCurrencies = new Set(Intl.supportedValuesOf("currency"));

/** ISO 4217 code, in capitals, known to this machine's ICU data. */
export const currencySchema = z
  .string()
  .refine((code) => knownCurrencies.has(code), { error: "must be an ISO 4217 currency code in capitals, such as EUR" });
