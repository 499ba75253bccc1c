import { fromMinorUnits } from "../amounts.ts";
import { ElementFault, type Fields, neededText } from "../members.ts";

/**
 * Places that Stripe's whole numbers stand for; 2 where a currency isn't listed. ISK, UGX, HUF and TWD are sent with
 * two, whatever ISO 4217 says of them. Source: Stripe, "Supported currencies", zero- and three-decimal currencies.
 */
const places = new Map([
  ..."BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ").map((code) => [code, 0] as const),
  ..."BHD JOD KWD OMR TND".split(" ").map((code) => [code, 3] as const),
]);

export function neededCurrency(fields: Fields): string {
  return neededText(fields, "currency").toUpperCase();
}

/** The first of these members that is there, a whole number of minor units, not negative, as a decimal. @throws ElementFault */
export function neededMinorUnits(fields: Fields, currency: string, ...names: [string, ...string[]]): string {
  const name = names.find((one) => fields[one] !== undefined && fields[one] !== null) ?? names[0];
  const amount = signedDecimalOf(fields[name], currency);
  if (amount === undefined || amount.startsWith("-")) {
    throw new ElementFault(`${name}: is not a whole number of minor units`);
  }
  return amount;
}

/** Minor units as a decimal; undefined where the value is none. */
export function signedDecimalOf(minor: unknown, currency: string): string | undefined {
  return fromMinorUnits(minor, places.get(currency) ?? 2);
}

/** A part of an amount that needn't be there; what is negative is no part. */
export function partOf(minor: unknown, currency: string): string | undefined {
  const amount = signedDecimalOf(minor, currency);
  return amount?.startsWith("-") ? undefined : amount;
}
