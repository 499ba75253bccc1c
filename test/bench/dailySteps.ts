import { resolve } from "node:path";
import {
  compareRules,
  dropPresets,
  type Opening,
  periodsOf,
  plantKinds,
  type ReplayClient,
  type ReplayRule,
  replayDropWeeks,
  replayPanel,
  replayRules,
  SourceWatch,
  trackEpisodes,
} from "@keypulse/methods";
import { readCsv } from "../../infra/src/backtest/readCsv.ts";

/**
 * Does the drop score find drops sooner when it looks every day? `node test/bench/dailySteps.ts FILE.csv`. Seven scores run
 * side by side, one for each day that a week may end on; what the first of them opens is an alert. Compared with weekly
 * looks at an equal number of false alarms. The answer is kept in packages/methods/REPORT.md.
 */
const dayMs = 86_400_000;
const weekMs = 7 * dayMs;

const daily: ReplayRule = {
  key: "drop_daily",
  title: "drop score, fast, every day",
  thresholds: replayRules[0]!.thresholds,
  openings: (client, group, { clock }) => {
    const shifts = Array.from({ length: 7 }, (_, shift) => shiftedWeeks(client, shift));
    return (threshold) => {
      const all = shifts.flatMap(({ counts, factors }, shift) => {
        const scores = replayDropWeeks(counts, factors, { preset: dropPresets.fast }).scores.map((s) => s?.alarmScore);
        const weeks = { counts, scores, monitored: client.watched[group], baselines: client.levels[group] };
        const endOf = (week: number): number => clock.startMs(client.firstWeek + week + 1) - shift * dayMs;
        return trackEpisodes(weeks, threshold).episodes.map(
          ({ openedWeek, closedWeek }): Opening => ({
            atMs: endOf(openedWeek),
            week: openedWeek,
            closedMs: closedWeek === undefined ? undefined : endOf(closedWeek),
          }),
        );
      });
      return joined(all);
    };
  },
};

/** Weeks that end `shift` days before Sunday. */
function shiftedWeeks({ events, firstWeek, counts, factors }: ReplayClient, shift: number) {
  const shifted = counts.map(() => 0);
  for (const [i, day] of events.days.entries()) {
    const week = Math.floor((day + 3 + shift) / 7) - firstWeek;
    if (week < shifted.length) shifted[week]! += events.counts[i]!;
  }
  return { counts: shifted, factors };
}

/** Episodes that overlap are one, from the first opening to the last end. */
function joined(openings: readonly Opening[]): Opening[] {
  const all: Opening[] = [];
  for (const next of openings.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = all.at(-1);
    const end = last?.closedMs ?? Number.POSITIVE_INFINITY;
    // Seven scores close within days of each other: a week of grace makes them one.
    if (last === undefined || next.atMs > end + weekMs) all.push(next);
    else if (last.closedMs !== undefined && (next.closedMs ?? Number.POSITIVE_INFINITY) > last.closedMs) {
      all[all.length - 1] = { ...last, closedMs: next.closedMs };
    }
  }
  return all;
}

const path = process.argv[2];
if (path === undefined) throw new Error("name a file of events: client, time");
const { calendar, channels, untilMs, sourceHours } = await readCsv(resolve(path), {
  country: undefined,
  timeZone: "UTC",
  from: undefined,
  to: undefined,
  skipBadRows: false,
  nowMs: Date.now(),
  onProgress: () => {},
});
const sources = new SourceWatch(sourceHours, untilMs, calendar);
const panel = replayPanel({ clients: channels.at(-1)!.clients, calendar, untilMs, sources, minSourceClients: 5 });
const periods = periodsOf(panel);
if (periods === undefined) throw new Error("the history is too short");
const budgets = [0.1, 0.25, 0.5];
const work = compareRules(panel, periods, { budgets, seed: 1, plants: 400 }, [replayRules[0]!, daily]);
let step = work.next();
while (!step.done) step = work.next();
for (const result of step.value) {
  if (result.group !== "frequent" || result.recall === undefined) continue;
  const recall = plantKinds.map((kind) => {
    const { found, plants, meanDelayWeeks } = result.recall![kind];
    return `${kind} ${(found / plants).toFixed(2)} (${meanDelayWeeks?.toFixed(1) ?? "–"} weeks)`;
  });
  const rate = result.report?.falseAlarmsPerClientYear?.toFixed(2);
  console.log([result.basis, `budget ${result.budget}`, result.title, ...recall, `false ${rate}`].join("  "));
}
