import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AmountOptions, amountOf } from "./amountCells.ts";

const read = (cell: string, options: AmountOptions = {}): string => {
  try {
    return amountOf(cell, "Betrag", options);
  } catch (error) {
    return (error as Error).message;
  }
};
const comma = { decimalComma: true };
const point = { decimalComma: false };

describe("An amount in a file", () => {
  it.each<[string, AmountOptions, string]>([
    // What can't be mistaken needs no setting.
    ["99,90", {}, "99.90"],
    ["1.234,50", {}, "1234.50"],
    ["1,234.50", {}, "1234.50"],
    ["1.234.567", {}, "1234567"],
    ["1,234,567", {}, "1234567"],
    ["0,125", {}, "0.125"],
    ["1234,567", {}, "1234.567"],
    ["12345", {}, "12345"],
    ["1 234,50", {}, "1234.50"],
    ["1\u00a0234", {}, "1234"],
    ["1'234.50", {}, "1234.50"],
    ["12.50000", {}, "12.5"],
    // A setting decides the rest.
    ["1.000", comma, "1000"],
    ["12.000", comma, "12000"],
    ["1,000", point, "1000"],
    ["1.000", point, "1.000"],
    ["1,000", comma, "1.000"],
    // So does a currency without decimals, or a program that groups nothing.
    ["1.000", { currency: "JPY" }, "1000"],
    ["12,345", { currency: "KRW" }, "12345"],
    ["12.345", { currency: "KWD", plainPoint: true }, "12.345"],
    // Signs, wherever they stand, and the order's currency.
    ["-5", {}, "-5"],
    ["−5,25", {}, "-5.25"],
    ["20,00-", comma, "-20.00"],
    ["(15,00)", comma, "-15.00"],
    ["€ 10,00", { ...comma, currency: "EUR" }, "10.00"],
    ["-€10.00", { ...point, currency: "EUR" }, "-10.00"],
    ["30,00 EUR", { ...comma, currency: "EUR" }, "30.00"],
    ["19,90 zł", { ...comma, currency: "PLN" }, "19.90"],
    ["$1,234.50", { ...point, currency: "USD" }, "1234.50"],
  ])("%s, with %j, is %s", (cell, options, amount) => {
    expect(read(cell, options)).toBe(amount);
  });

  it.each<[string, AmountOptions, string]>([
    ["1.000", {}, '"1.000" may be 1000 or 1.000; say so (decimal_comma)'],
    ["12,000", {}, '"12,000" may be 12000 or 12.000; say so (decimal_comma)'],
    ["1.000", { currency: "EUR" }, "say so (decimal_comma)"],
    ["9,99", point, 'is not an amount: "9,99" has a decimal comma, but decimal_comma is false'],
    ["9.99", comma, 'is not an amount: "9.99" has a decimal point, but decimal_comma is true'],
    ["19.9", comma, 'is not an amount: "19.9"'],
    ["1.23.456", {}, 'is not an amount: "1.23.456"'],
    ["1,2345.00", {}, "is not an amount"],
    ["12.34,5", comma, "is not an amount"],
    ["01.234,5", comma, "is not an amount"],
    ["1 23", {}, "is not an amount"],
    ["1 234.567,5", {}, "is not an amount"],
    ["--5", {}, "is not an amount"],
    ["-5-", {}, "is not an amount"],
    ["(-5)", {}, "is not an amount"],
    ["1e3", {}, "is not an amount"],
    ["free", {}, 'is not an amount: "free"'],
    ["30,00 USD", { ...comma, currency: "EUR" }, '"30,00 USD" is not in the order\'s currency, EUR'],
    ["£5.00", { ...point, currency: "EUR" }, "is not in the order's currency"],
    [" ", {}, "is empty"],
  ])("%s, with %j, is refused: %s", (cell, options, words) => {
    expect(read(cell, options)).toMatch(/^Betrag: /);
    expect(read(cell, options)).toContain(words);
  });

  it("is read as it was written, by either kind of separators, or refused, and never as another one", () => {
    const whole = fc.integer({ min: 0, max: 999_999_999 });
    const decimals = fc.stringMatching(/^\d{0,4}$/);
    fc.assert(
      fc.property(whole, decimals, fc.boolean(), fc.boolean(), (units, parts, isComma, isGrouped) => {
        const [group, decimal] = isComma ? [".", ","] : [",", "."];
        const digits = isGrouped ? String(units).replace(/\B(?=(\d{3})+$)/g, group) : String(units);
        const text = parts === "" ? digits : `${digits}${decimal}${parts}`;
        const right = Number(`${units}.${parts || "0"}`);
        expect(Number(read(text, { decimalComma: isComma }))).toBe(right);
        const guessed = read(text);
        if (!guessed.includes("say so")) expect(Number(guessed)).toBe(right);
      }),
    );
  });
});
