import fc from "fast-check";
import { expect, it } from "vitest";
import { defaultSilenceSettings } from "../silence.ts";
import { defaultGammaPrior } from "../silencePrior.ts";
import { adviceFor } from "./advice.ts";
import { detectConcentrationTrend, detectShareCrossing } from "./concentration.ts";
import { detectContactSilence, detectMailTrouble, detectMissedCalls } from "./contact.ts";
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
  expect(finding.headline).toMatch(/^[a-z\d-].{5,68}[^.]$/);
  expect(text + finding.headline).not.toMatch(/NaN|Infinity|undefined/);
  expect(adviceFor(finding)).toMatch(/^[A-Z].{20,220}\.$/);
  expect(JSON.parse(JSON.stringify(finding))).toEqual(finding);
}

/** Every detector on one history, as of now. */
function findings(
  at: readonly number[],
  list: readonly { atMs: number; amount: number; i: number }[],
  groups: number,
): (Finding | null)[] {
  const share = ({ amount }: { amount: number }) => Math.abs(amount % 1);
  const shares = list.map((entry) => ({ atMs: entry.atMs, share: share(entry) }));
  const bought = list.map(({ atMs, i }) => ({ atMs, groups: [`g${i % (groups + 1)}`] }));
  const invoices = list.map(({ atMs, amount, i }) => ({
    id: `${i}`,
    dueMs: atMs,
    paidMs: i % 4 === 0 ? undefined : atMs + ((i * i) % 90) * MS_A_DAY,
    amount,
  }));
  const contact = (i: number) => `Contact with a very long name ${i % 3}`;
  const answers = list.map((entry) => ({
    atMs: entry.atMs,
    contact: entry.i % 5 === 0 ? "" : contact(entry.i),
    isDecisionMaker: entry.i % 2 === 0,
    scale: "nps" as const,
    score: Math.round(10 * share(entry)),
  }));
  const mailTypes = ["hard_bounce", "unsubscribe", "complaint", "sign_of_life"] as const;
  const mail = list.map(({ atMs, i }) => ({
    atMs,
    contact: contact(i),
    isDecisionMaker: i % 2 === 0,
    type: mailTypes[(i * i) % 4]!,
  }));
  const calls = list.map(({ atMs, i }) => ({
    atMs,
    contact: contact(i),
    type: i % 7 === 0 ? ("talked" as const) : ("missed" as const),
  }));
  const past = at.filter((ms) => ms <= now);
  const first = past.reduce((least, ms) => Math.min(least, ms), now);
  const last = past.reduce((most, ms) => Math.max(most, ms), first);
  const activity = { activeDays: Math.max(1, past.length), firstActiveMs: first, lastActiveMs: last };
  const firsts = at.map((firstMs, i) => ({ name: `n${i}`, firstMs }));
  const months = list.slice(0, 14).map((entry, i) => ({ atMs: now - (14 - i) * 30 * MS_A_DAY, index: share(entry) }));
  return [
    detectSpend(list, { ...defaultSpendSettings, ...budget, currency: "EUR" }, now),
    detectMix(bought, budget, now),
    detectPayment(invoices, { ...budget, currency: "EUR" }, now),
    detectMarginTrend(shares, budget, now),
    detectDiscountTrend(shares, budget, now),
    detectDetractor(answers, now),
    detectSatisfactionDrop(answers, budget, now),
    detectComplaints(at, first, budget, now),
    detectNewThings("contact", firsts, first, budget, now),
    detectReturn({ lostMs: now - 50 * MS_A_DAY, lastActiveMs: first, activityMs: at }, "order", now),
    detectMailTrouble(mail, now),
    detectMissedCalls(calls, now),
    detectContactSilence(
      [{ name: contact(groups), isDecisionMaker: true, activity }],
      defaultGammaPrior,
      { ...defaultSilenceSettings, ...budget },
      now,
    ),
    detectShareCrossing(months[0]?.index ?? 0, 0.1 * groups, { fromMs: now - 365 * MS_A_DAY, toMs: now }),
    detectConcentrationTrend(months, budget),
  ];
}

const pair = fc.tuple(fc.infiniteStream(amount), times);
const history = ([amounts, at]: [Iterator<number>, number[]]) =>
  at.map((atMs, i) => ({ atMs, amount: amounts.next().value!, i }));

it("whatever a history looks like, a finding is finite, plain and said in a sentence and in a headline", () => {
  const said = new Set<string>();
  fc.assert(
    fc.property(pair, fc.nat(3), (drawn, groups) => {
      for (const finding of findings(drawn[1], history(drawn), groups)) {
        check(finding);
        if (finding !== null) said.add(finding.model.name);
      }
    }),
    { numRuns: 300, endOnFailure: true },
  );
  // The law would hold of detectors that never speak, too.
  expect(said.size).toBeGreaterThan(4);
});

it("what comes later than the time that is asked about changes nothing", () => {
  fc.assert(
    fc.property(pair, fc.nat(3), (drawn, groups) => {
      const list = history(drawn);
      const known = list.filter(({ atMs }) => atMs <= now);
      const past = known.map(({ atMs }) => atMs);
      expect(findings(drawn[1], list, groups).slice(0, -2)).toEqual(findings(past, known, groups).slice(0, -2));
    }),
    { numRuns: 100, endOnFailure: true },
  );
});
