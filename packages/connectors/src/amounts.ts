/** A decimal as a text, such as "-12.50": reckoned with as whole numbers, so that no binary fraction comes between. */
type Decimal = string;

/** Long enough for what PHP prints of a float; short enough that reckoning with it costs nothing. */
const decimalShape = /^([+-]?)(\d{1,20})(?:\.(\d{1,80}))?$/;

/** Places that the contract keeps. */
const contractPlaces = 4;

/** A decimal that a provider wrote as a text or a JSON number; undefined where it is none. */
export function asDecimal(value: unknown): Decimal | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  return decimalShape.test(text) ? text.replace(/^\+/, "") : undefined;
}

/** 2935 with 2 places is "29.35". The value is a whole number or its digits; undefined where it is neither. */
export function fromMinorUnits(value: unknown, places: number): Decimal | undefined {
  const text = typeof value === "number" ? (Number.isSafeInteger(value) ? String(value) : "") : value;
  return typeof text === "string" && /^-?\d{1,20}$/.test(text) ? print(BigInt(text), places) : undefined;
}

/** The sum, with the places of the summand that has most. */
export function addDecimals(...summands: Decimal[]): Decimal {
  const places = Math.max(0, ...summands.map(placesOf));
  return print(
    summands.reduce((sum, text) => sum + unitsOf(text, places), 0n),
    places,
  );
}

/** `from` less the others. */
export const subtractDecimals = (from: Decimal, ...others: Decimal[]): Decimal =>
  addDecimals(from, ...others.map(negate));

export const isNegative = (text: Decimal): boolean => text.startsWith("-") && !isZero(text);

export const isZero = (text: Decimal): boolean => /^-?[0.]*$/.test(text);

export const withoutSign = (text: Decimal): Decimal => text.replace(/^-/, "");

/** What one piece costs, rounded half up to the contract's places; undefined where the quantity is zero. */
export function perPiece(total: Decimal, quantity: Decimal): Decimal | undefined {
  const places = Math.max(placesOf(total), placesOf(quantity));
  const divisor = unitsOf(quantity, places);
  if (divisor === 0n) return undefined;
  const scaled = unitsOf(total, places) * 10n ** BigInt(contractPlaces);
  return withoutTrailingZeros(print(divideHalfUp(scaled, divisor), contractPlaces));
}

/** Unit price times quantity, exact. */
export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  const [a, b] = [placesOf(left), placesOf(right)];
  return print(unitsOf(left, a) * unitsOf(right, b), a + b);
}

/** As it is where the contract holds it, else rounded half up to its places. */
export function toContractPlaces(text: Decimal): Decimal {
  const places = placesOf(text);
  if (places <= contractPlaces) return text;
  const units = divideHalfUp(unitsOf(text, places), 10n ** BigInt(places - contractPlaces));
  return withoutTrailingZeros(print(units, contractPlaces));
}

function placesOf(text: Decimal): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

/** The decimal times ten to the power of `places`, which are at least its own. */
function unitsOf(text: Decimal, places: number): bigint {
  return BigInt(text.replace(".", "") + "0".repeat(places - placesOf(text)));
}

function print(units: bigint, places: number): Decimal {
  const sign = units < 0n ? "-" : "";
  const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const negate = (text: Decimal): Decimal => (text.startsWith("-") ? text.slice(1) : `-${text}`);

function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n;
  const [a, b] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor];
  const quotient = (2n * a + b) / (2n * b);
  return negative ? -quotient : quotient;
}

function withoutTrailingZeros(text: Decimal): Decimal {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
