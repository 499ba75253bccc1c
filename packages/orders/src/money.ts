/** Money and pieces as whole numbers of 0.0001, so that sums and differences are exact. */
export type Units = bigint;

const places = 4;
const perOne = 10_000n;

/** @param text a decimal of at most four places, as the contract and ClickHouse's Decimal(18, 4) have it */
export function unitsOf(text: string): Units {
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? text.slice(1) : text).split(".");
  const units = BigInt(whole) * perOne + BigInt(fraction.slice(0, places).padEnd(places, "0"));
  return negative ? -units : units;
}

export function decimalOf(units: Units): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** Price times quantity, cut to four places as ClickHouse cuts the product of two Decimals. */
export const product = (left: Units, right: Units): Units => (left * right) / perOne;

/** `amount × part ÷ whole`, rounded half away from zero to four places; 0 where the whole is 0. */
export function share(amount: Units, part: Units, whole: Units): Units {
  if (whole === 0n) return 0n;
  const exact = amount * part;
  const rounded = (2n * magnitude(exact) + magnitude(whole)) / (2n * magnitude(whole));
  return exact < 0n !== whole < 0n ? -rounded : rounded;
}

const magnitude = (units: Units): Units => (units < 0n ? -units : units);

export const least = (one: Units, other: Units): Units => (one < other ? one : other);
export const most = (one: Units, other: Units): Units => (one > other ? one : other);
export const atLeastZero = (units: Units): Units => (units < 0n ? 0n : units);
