import { findOutages } from "@keypulse/methods";
import { seededRandom } from "@keypulse/testkit";
import { pauseOutages } from "./pauseRule.ts";
import { type BenchSource, onlineRetail, simulatedSources } from "./sources.ts";

/**
 * How soon is a broken source known, at how many false calls? `node test/bench/outages/run.ts`, a minute. The rule of
 * findOutages against the one that it had before: false outages a source-year in histories in which nothing broke, and
 * hours from a break at a random hour until it is called. Kept in packages/methods/README.md.
 */
const hourMs = 3_600_000;
const hoursAYear = 24 * 365.25;
const sources = 60;
const plants = 40;
/** Breaks are planted when half a year is known. */
const knownHours = 26 * 168;

interface Rule {
  readonly title: string;
  /** When each outage was called, as hours. */
  outages(source: BenchSource): number;
  /** The hour at which a source that never sends again is called broken. */
  calledAt(hours: readonly number[], source: BenchSource): number | undefined;
}

const afterLast = (hours: readonly number[]): number => hours.at(-1)! + 1;

const rules: readonly Rule[] = [
  {
    title: "twice the longest pause",
    outages: ({ hours }) => pauseOutages(hours).outages.length,
    calledAt(hours) {
      const { thresholdHours } = pauseOutages(hours);
      return thresholdHours === undefined ? undefined : afterLast(hours) + thresholdHours;
    },
  },
  {
    title: "the source's own clock",
    outages: ({ hours, hourOfWeek }) => findOutages(hours, afterLast(hours) * hourMs, hourOfWeek).outages.length,
    calledAt(hours, { hourOfWeek }) {
      const deadlineMs = findOutages(hours, afterLast(hours) * hourMs, hourOfWeek).openGap?.deadlineMs;
      return deadlineMs === undefined ? undefined : deadlineMs / hourMs;
    },
  },
];

/** The k-th smallest share of numbers. */
const quantile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))]!;

function judge(name: string, drawn: readonly BenchSource[]): void {
  const years = drawn.reduce((sum, { hours }) => sum + (hours.at(-1)! - hours[0]! - 14 * 24) / hoursAYear, 0);
  for (const { title, outages, calledAt } of rules) {
    const falseCalls = drawn.reduce((sum, source) => sum + outages(source), 0);
    const delays: number[] = [];
    const random = seededRandom(7);
    for (let i = 0; i < sources * plants; i += 10) {
      const source = drawn[i % drawn.length]!;
      const { hours } = source;
      const from = hours[0]! + knownHours;
      const brokeAt = Math.floor(from + random() * (hours.at(-1)! - from));
      const until = hours.findIndex((hour) => hour >= brokeAt);
      const called = calledAt(hours.slice(0, until), source);
      if (called !== undefined && called > brokeAt) delays.push(called - brokeAt);
    }
    const [median, late] = [quantile(delays, 0.5), quantile(delays, 0.95)];
    console.log(
      `${name.padEnd(48)} ${title.padEnd(26)} ${(falseCalls / years).toFixed(2).padStart(6)} ${median.toFixed(0).padStart(6)} ${late.toFixed(0).padStart(6)}`,
    );
  }
}

console.log(`${"source".padEnd(48)} ${"rule".padEnd(26)} false/y median   95 %`);
for (const [name, draw] of Object.entries(simulatedSources)) {
  const random = seededRandom(1);
  judge(
    name,
    Array.from({ length: sources }, () => draw(random)),
  );
}
judge("Online Retail: hours with invoices, a real year", [await onlineRetail()]);
