import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { poissonCount, seededRandom } from "../random.ts";
import { DAYS_A_YEAR, MS_A_DAY } from "./finding.ts";
import { defaultTrendSettings, detectDiscountTrend, detectMarginTrend } from "./marginTrend.ts";
import { detectPayment, type Invoice } from "./payment.ts";
import { defaultSpendSettings, detectSpend } from "./spend.ts";

const now = Date.UTC(2026, 5, 1);
const daysAgo = (days: number) => now - days * MS_A_DAY;
const spend = { ...defaultSpendSettings, currency: "EUR" };

/** Gaussian, by Box and Muller. */
const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe("spend", () => {
  /** Orders of a year: number a quarter and value, until the last quarter with its own. */
  function year(random: () => number, rate: number, value: number, lastRate = rate, lastValue = value) {
    return [0, 1, 2, 3].flatMap((quarter) => {
      const count = poissonCount(quarter === 0 ? lastRate : rate, random);
      const usual = quarter === 0 ? lastValue : value;
      return Array.from({ length: count }, () => ({
        atMs: daysAgo(quarter * 91 + 91 * random()),
        amount: Number((usual * Math.exp(0.5 * normal(random))).toFixed(2)),
      }));
    });
  }

  it("keeps its budget on clients that changed nothing", () => {
    const random = seededRandom(1);
    const clients = 3000;
    let called = 0;
    for (let i = 0; i < clients; i++) if (detectSpend(year(random, 9, 200), spend, now)) called++;
    expect((called * DAYS_A_YEAR) / 91 / clients).toBeLessThan(0.1);
  });

  it("tells orders as often but smaller from orders less often", () => {
    const random = seededRandom(2);
    const [fewer, smaller] = [
      detectSpend(year(random, 20, 200, 4, 200), spend, now),
      detectSpend(year(random, 20, 200, 20, 80), spend, now),
    ];
    expect(fewer).toMatchObject({ cause: "less_activity", unit: "EUR in 91 days" });
    expect(fewer!.text).toContain("They order less often: ");
    expect(smaller).toMatchObject({ cause: "smaller_orders" });
    expect(smaller!.text).toMatch(
      /^[\d,]+ EUR in the last 91 days, \d+ % less than their usual [\d,]+ EUR\. Their orders are smaller/,
    );
  });

  it("does not depend on the currency's unit, nor on the order of orders", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(1, 100, 10_000), (seed, unit) => {
        const orders = year(seededRandom(seed), 15, 300, 5, 200);
        const scaled = orders.map(({ atMs, amount }) => ({ atMs, amount: amount * unit })).toReversed();
        const [one, other] = [detectSpend(orders, spend, now), detectSpend(scaled, spend, now)];
        expect(other?.tailProbability ?? 1).toBeCloseTo(one?.tailProbability ?? 1, 8);
      }),
      { numRuns: 40 },
    );
  });

  it("bears one order, returns above orders, and orders still to come", () => {
    expect(detectSpend([{ atMs: daysAgo(1), amount: 5 }], spend, now)).toBeNull();
    const returns = Array.from({ length: 12 }, (_, i) => ({ atMs: daysAgo(100 + i), amount: i % 2 ? 10 : -20 }));
    expect(detectSpend(returns, spend, now)).toBeNull();
    const steady = year(seededRandom(3), 20, 100);
    const later = { atMs: now + MS_A_DAY, amount: 1e9 };
    expect(detectSpend([...steady, later], spend, now)).toEqual(detectSpend(steady, spend, now));
    expect(() => detectSpend([{ atMs: now, amount: Number.NaN }], spend, now)).toThrow(RangeError);
  });
});

describe("payment", () => {
  const settings = { falseAlarmsPerClientYear: 0.1, currency: "EUR" };
  const invoices = (late: readonly (number | undefined)[]): Invoice[] =>
    late.map((days, i) => {
      const dueMs = daysAgo((late.length - i) * 20);
      return { id: `R${i}`, dueMs, paidMs: days === undefined ? undefined : dueMs + days * MS_A_DAY, amount: 1000 };
    });

  it("keeps its budget on clients who pay as they always did", () => {
    const random = seededRandom(4);
    let called = 0;
    const clients = 2000;
    for (let i = 0; i < clients; i++) {
      const late = Array.from({ length: 18 }, () => 6 + 5 * normal(random));
      if (detectPayment(invoices(late), settings, now)) called++;
    }
    // A look every three invoices: six a year at one in twenty days.
    const looksAYear = DAYS_A_YEAR / 60;
    expect((called / clients) * looksAYear).toBeLessThan(0.2);
  });

  it("tells a jump from a slow rise, with what is overdue", () => {
    const jump = detectPayment(invoices([2, 3, 1, 2, 4, 2, 3, 2, 30, undefined, undefined]), settings, now);
    expect(jump).toMatchObject({ cause: "pays_late", parts: ["R9", "R10"], values: { overdue_amount: 2000 } });
    expect(jump!.text).toMatch(
      /^The last three invoices were paid 30 days late, usually 2 days late\. 2 invoices of 2,000 EUR are overdue now\./,
    );
    const rise = detectPayment(invoices([0, 1, 3, 4, 7, 8, 9, 11, 12, 14, 15, 17]), settings, now);
    expect(rise?.text).toMatch(/later|late/);
    expect(detectPayment(invoices([2, 3, 1, 2, 4, 2, 3, 2, 2, 3]), settings, now)).toBeNull();
    expect(detectPayment(invoices([2, 90, 90]), settings, now)).toBeNull();
  });
});

describe("margin and discount", () => {
  const points = (shares: readonly number[]) =>
    shares.map((share, i) => ({ atMs: daysAgo((shares.length - i) * 30), share }));
  const falling = points([0.31, 0.32, 0.3, 0.29, 0.28, 0.27, 0.27, 0.25, 0.24, 0.22, 0.22, 0.2]);

  it("are mirrors: a margin that falls is a discount that rises", () => {
    const margin = detectMarginTrend(falling, defaultTrendSettings, now);
    const discount = detectDiscountTrend(
      falling.map(({ atMs, share }) => ({ atMs, share: 0.6 - share })),
      defaultTrendSettings,
      now,
    );
    expect(margin).toMatchObject({ cause: "falling_margin", direction: "worse" });
    expect(discount!.tailProbability).toBeCloseTo(margin!.tailProbability!, 12);
    expect(margin!.text).toMatch(/^Their margin fell from 3\d % to 2\d % over the last 12 orders, since 2025-/);
    expect(detectDiscountTrend(falling, defaultTrendSettings, now)).toBeNull();
  });

  it("say nothing without a trend, or with too little to see one", () => {
    const random = seededRandom(5);
    let called = 0;
    for (let i = 0; i < 1000; i++) {
      if (detectMarginTrend(points(Array.from({ length: 12 }, random)), defaultTrendSettings, now)) called++;
    }
    expect(called / 1000).toBeLessThan(0.13);
    expect(detectMarginTrend(falling.slice(-5), defaultTrendSettings, now)).toBeNull();
  });
});
