import { addDecimals, subtractDecimals, withoutSign } from "../amounts.ts";

export interface Sums {
  total: string;
  /** Of each line: pieces times price. */
  lines: readonly string[];
  tax?: string | undefined;
  shipping?: string | undefined;
  discount?: string | undefined;
}

/**
 * What to tell of an order whose lines don't come to its total. Whether tax and discounts are in the lines' prices
 * already, files don't say: it adds up if it does one way. A cent a line is rounding.
 */
export function doubtsOf({ total, lines, tax = "0", shipping = "0", discount = "0" }: Sums): string[] {
  if (lines.length === 0) return [];
  const sum = addDecimals("0.00", ...lines);
  const tolerance = lines.length / 100 + 1e-9;
  const fits = [tax, "0"].some((taxed) =>
    [shipping, "0"].some((sent) =>
      [discount, "0"].some((less) => {
        const comesTo = subtractDecimals(addDecimals(sum, taxed, sent), less);
        return Number(withoutSign(subtractDecimals(comesTo, total))) <= tolerance;
      }),
    ),
  );
  if (fits) return [];
  return [`lines come to ${sum}, but the total is ${total} (difference ${subtractDecimals(total, sum)})`];
}
