import { findOutages } from "@keypulse/methods";
import { seededRandom } from "@keypulse/testkit";
import { pauseOutages } from "./pauseRule.ts";
import { type BenchSource, onlineRetail, simulatedSources } from "./sources.ts";

/**
 * How soon is a broken source known, at how many false calls? `node test/bench/outages/run.ts`, two minutes. The rule of
 * findOutages against the one that it had before: false outages a source-year in histories in which nothing broke, and
 * hours from a break until it is called; breaks at a random hour, and at a random hour in which the source would have
 * sent. Kept in packages/methods/README.md.
 */
const hourMs = 3_600_000;
const hoursAYear = 24 * 365.25;
const sources = 60;
const plants = 240;
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
    outages: ({ hours, calendar }) => findOutages(hours, afterLast(hours) * hourMs, calendar).outages.length,
    calledAt(hours, { calendar }) {
      const deadlineMs = findOutages(hours, afterLast(hours) * hourMs, calendar).openGap?.deadlineMs;
      return deadlineMs === undefined ? undefined : deadlineMs / hourMs;
    },
  },
];

const quantile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))]!;

/** Hours until breaks are called; those that fall into a gap which was called already are left out. */
function delays(rule: Rule, drawn: readonly BenchSource[], breakIn: "any hour" | "active hour"): number[] {
  const random = seededRandom(7);
  return Array.from({ length: plants }).flatMap((_, i) => {
    const source = drawn[i % drawn.length]!;
    const { hours } = source;
    const from = hours[0]! + knownHours;
    const drawnHour = Math.floor(from + random() * (hours.at(-1)! - from));
    const until = hours.findIndex((hour) => hour >= drawnHour);
    const brokeAt = breakIn === "any hour" ? drawnHour : hours[until]!;
    const called = rule.calledAt(hours.slice(0, until), source);
    return called !== undefined && called > brokeAt ? [called - brokeAt] : [];
  });
}

function judge(name: string, drawn: readonly BenchSource[]): void {
  const years = drawn.reduce((sum, { hours }) => sum + (hours.at(-1)! - hours[0]! - 14 * 24) / hoursAYear, 0);
  for (const rule of rules) {
    const falseCalls = drawn.reduce((sum, source) => sum + rule.outages(source), 0);
    const [anyHour, activeHour] = [delays(rule, drawn, "any hour"), delays(rule, drawn, "active hour")];
    const hours = [anyHour, activeHour].flatMap((list) => [quantile(list, 0.5), quantile(list, 0.95)]);
    const cells = [(falseCalls / years).toFixed(2), ...hours.map((delay) => delay.toFixed(0))];
    console.log(`| ${name} | ${rule.title} | ${cells.join(" | ")} |`);
  }
}

console.log("| source | rule | false a year | any hour, median | 95 % | active hour, median | 95 % |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const [name, draw] of Object.entries(simulatedSources)) {
  const random = seededRandom(1);
  judge(
    name,
    Array.from({ length: sources }, () => draw(random)),
  );
}
judge("Online Retail: hours with invoices, a real year", [await onlineRetail()]);
