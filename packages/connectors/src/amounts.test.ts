import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDecimals,
  asDecimal,
  fromMinorUnits,
  multiplyDecimals,
  perPiece,
  subtractDecimals,
  toContractPlaces,
} from "./amounts.ts";

const minor = fc.integer({ min: -1e9, max: 1e9 });
const places = fc.integer({ min: 0, max: 4 });

describe("Amounts as decimal texts", () => {
  it("add up where binary fractions don't", () => {
    expect(addDecimals("0.1", "0.2")).toBe("0.3");
    expect(subtractDecimals("29.35", "29.3", "0.05")).toBe("0.00");
    expect(multiplyDecimals("-3", "1.10")).toBe("-3.30");
  });

  it("add up like the whole numbers of minor units that they are", () => {
    fc.assert(
      fc.property(minor, minor, places, (a, b, digits) => {
        const [left, right] = [fromMinorUnits(a, digits)!, fromMinorUnits(b, digits)!];
        expect(addDecimals(left, right)).toBe(fromMinorUnits(a + b, digits));
        expect(addDecimals(subtractDecimals(left, right), right)).toBe(left);
      }),
    );
  });

  it("are rounded half up where the contract holds no more places", () => {
    expect(toContractPlaces("3.33335")).toBe("3.3334");
    expect(toContractPlaces("21.989999999999998436805981327779591083526611328125")).toBe("21.99");
    expect(perPiece("10.00", "3")).toBe("3.3333");
    expect(perPiece("-1", "3")).toBe("-0.3333");
    expect(perPiece("100", "1")).toBe("100");
    expect(perPiece("1", "0")).toBeUndefined();
  });

  it("are nothing else: no exponents, no commas, no fractions of minor units", () => {
    for (const value of ["1e3", "1,5", "", ".5", "5.", "NaN", "٣", null, 1e21, Number.NaN, {}]) {
      expect(asDecimal(value)).toBeUndefined();
    }
    for (const value of [1.5, "1.5", 2 ** 53, null, ""]) expect(fromMinorUnits(value, 2)).toBeUndefined();
    expect(asDecimal(" +29.350 ")).toBe("29.350");
  });
});
