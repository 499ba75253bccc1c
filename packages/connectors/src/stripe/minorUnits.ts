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

/** A whole number of minor units, not negative, as a decimal. @throws ElementFault */
export function neededMinorUnits(fields: Fields, name: string, currency: string): string {
  return decimalOf(fields[name], name, currency);
}

/** @throws ElementFault */
export function decimalOf(minor: unknown, name: string, currency: string): string {
  const amount = fromMinorUnits(minor, places.get(currency) ?? 2);
  if (amount === undefined || amount.startsWith("-")) {
    throw new ElementFault(`${name}: is not a whole number of minor units`);
  }
  return amount;
}
