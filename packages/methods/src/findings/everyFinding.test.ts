import fc from "fast-check";
import { expect, it } from "vitest";
import { type Finding, MS_A_DAY } from "./finding.ts";
import { detectNewThings } from "./growth.ts";
import { detectDiscountTrend, detectMarginTrend } from "./marginTrend.ts";
import { detectMix } from "./mix.ts";
import { detectPayment } from "./payment.ts";
import { detectReturn } from "./returned.ts";
import { detectComplaints, detectDetractor, detectSatisfactionDrop } from "./satisfaction.ts";
import { defaultSpendSettings, detectSpend } from "./spend.ts";

const now = Date.UTC(2026, 5, 1);
/** Times of twenty years, also some that are still to come. */
const time = fc.integer({ min: now - 20 * 365 * MS_A_DAY, max: now + 30 * MS_A_DAY });
/** Clusters on one day are as likely as gaps of years. */
const times = fc.oneof(
  fc.array(time, { maxLength: 60 }),
  time.chain((day) => fc.array(fc.integer({ min: day, max: day + MS_A_DAY }), { maxLength: 60 })),
);
const amount = fc.oneof(fc.double({ min: -1e7, max: 1e7, noNaN: true }), fc.constantFrom(0, -1, 0.01, 1e12));
const budget = { falseAlarmsPerClientYear: 2 };

function check(finding: Finding | null): void {
  if (finding === null) return;
  const { expected, observed, window, tailProbability = 0.5, falseAlarmsPerClientYear = 1, values, text } = finding;
  for (const number of [expected, observed, window.fromMs, window.toMs, ...Object.values(values)]) {
    expect(Number.isFinite(number)).toBe(true);
  }
  expect(window.fromMs).toBeLessThanOrEqual(window.toMs);
  expect(tailProbability).toBeGreaterThanOrEqual(0);
  expect(tailProbability).toBeLessThanOrEqual(1);
  expect(falseAlarmsPerClientYear).toBeGreaterThanOrEqual(0);
  expect(text).toMatch(/^[A-Z\d-].*[.?]$/s);
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(JSON.parse(JSON.stringify(finding))).toEqual(finding);
}

it("whatever a history looks like, a finding is finite, plain and said in a sentence", () => {
  const pair = fc.tuple(fc.infiniteStream(amount), times);
  fc.assert(
    fc.property(pair, fc.nat(3), ([amounts, at], groups) => {
      const list = at.map((atMs, i) => ({ atMs, amount: amounts.next().value!, i }));
      const share = ({ amount }: { amount: number }) => Math.abs(amount % 1);
      check(detectSpend(list, { ...defaultSpendSettings, ...budget, currency: "EUR" }, now));
      check(
        detectMix(
          list.map(({ atMs, i }) => ({ atMs, groups: [`g${i % (groups + 1)}`] })),
          budget,
          now,
        ),
      );
      const paid = list.map(({ atMs, amount, i }) => ({
        id: `${i}`,
        dueMs: atMs,
        paidMs: i % 4 === 0 ? undefined : atMs + ((i * i) % 90) * MS_A_DAY,
        amount,
      }));
      check(detectPayment(paid, { ...budget, currency: "EUR" }, now));
      const shares = list.map((entry) => ({ atMs: entry.atMs, share: share(entry) }));
      check(detectMarginTrend(shares, budget, now));
      check(detectDiscountTrend(shares, budget, now));
      const answers = list.map((entry) => ({
        atMs: entry.atMs,
        contact: `Contact ${entry.i % 3}`,
        isDecisionMaker: entry.i % 2 === 0,
        scale: "nps" as const,
        score: Math.round(10 * share(entry)),
      }));
      check(detectDetractor(answers, now));
      check(detectSatisfactionDrop(answers, budget, now));
      const first = at.reduce((least, ms) => Math.min(least, ms), now);
      check(detectComplaints(at, first, budget, now));
      const firsts = at.map((firstMs, i) => ({ name: `n${i}`, firstMs }));
      check(detectNewThings("contact", firsts, first, budget, now));
      check(detectReturn({ lostMs: now - 50 * MS_A_DAY, lastActiveMs: first, activityMs: at }, "order", now));
    }),
    { numRuns: 300 },
  );
});
