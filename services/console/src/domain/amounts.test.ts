import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rates, readAmount } from "./amounts.ts";

/** As ClickHouse writes a Decimal(38, 4) down: without zeros at the end. */
function textOf(tenThousandths: bigint): string {
  const size = tenThousandths < 0n ? -tenThousandths : tenThousandths;
  const part = String(size % 10_000n)
    .padStart(4, "0")
    .replace(/0+$/, "");
  return `${tenThousandths < 0n ? "-" : ""}${size / 10_000n}${part === "" ? "" : `.${part}`}`;
}

describe("amounts", () => {
  it("are read exactly, however long they are", () => {
    for (const amount of [0n, 1n, -1n, 99_999_999_999n * 10_000n, 999_999_999_999_999n * 10_000n]) {
      expect(readAmount(textOf(amount))).toBe(amount);
    }
    const most = 10n ** 30n;
    const anyAmount = fc.oneof(fc.bigInt(-most, most), fc.bigInt(-(10n ** 15n), 10n ** 15n), fc.bigInt(-9999n, 9999n));
    fc.assert(fc.property(anyAmount, (amount) => readAmount(textOf(amount)) === amount));
  });
});

describe("rates by day", () => {
  it("convert what single amounts are converted by, on every day", () => {
    const days = fc.uniqueArray(fc.integer({ min: 19_000, max: 19_060 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 12 }), (published, mostDays) => {
        const rates = new Rates(
          "EUR",
          mostDays,
          published.map((day) => ({ currency: "USD", day, rate: `${(day % 7) / 8}` })),
        );
        const { since, byDay } = rates.daily("USD")!;
        const list = byDay.split(",").map(Number);
        for (let day = 18_990; day < 19_090; day++) {
          const one = rates.convert(10_000n, "USD", day) ?? 0n;
          expect(Math.round((list[day - since] ?? 0) * 10_000)).toBe(Number(one));
        }
      }),
    );
    expect(new Rates("EUR", 10, []).daily("USD")).toBeUndefined();
  });
});
