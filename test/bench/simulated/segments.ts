import {
  calibrateDropThreshold,
  dropPresets,
  falseAlarmCurve,
  joinCurves,
  panelWeeks,
  replayDropWeeks,
} from "@keypulse/methods";
import type { CompanyLaw } from "./company.ts";
import { type Panel, type SimulatedRule, together } from "./judge.ts";

const preset = dropPresets.fast;
const budget = 0.25;

/** Companies of three segments, the smallest of few clients. */
export function segmentLaws(clients: number): Record<string, CompanyLaw> {
  const of = {
    ...{ clients, weeks: 52 * 4 + 26, scales: [0.7, 12] as const, segments: [0.6, 0.35, 0.05] },
    channels: [{ name: "all", rate: 1, used: 1, burstShape: 4 }],
  };
  return {
    "segments alike": { ...of, season: { kind: "none" } },
    "wave of .3 by segment": { ...of, season: { kind: "wave", strength: 0.3, phase: "segment" } },
    "wave of .6 by segment": { ...of, season: { kind: "wave", strength: 0.6, phase: "segment" } },
    "unlike bursts": { ...of, season: { kind: "none" }, burstShapes: [8, 1, 1] },
    "unlike bursts and wave": {
      ...of,
      season: { kind: "wave", strength: 0.4, phase: "segment" },
      burstShapes: [8, 1, 1],
    },
    "two weeks in thirteen at 30 %, by segment": { ...of, season: { kind: "closings", share: 0.3 } },
  };
}

/**
 * Client-years of all clients that a segment's own are counted together with. Lines of 14 whole panels differed by some 40 %
 * (methods' study); at a budget of .25 chance alone makes that much of 25 client-years, and segments differ less than panels.
 */
const pullYears = 50;

/** What each segment's weeks are like, and its line for the budget against that of all, as the live code fits them. */
function fitSegments({ company, allFactors, learnUntil }: Panel) {
  const lastWeek = company.weeks - 1;
  const whole = { firstWeek: 0, factors: allFactors, spreadFactors: allFactors.map(() => 1) };
  const names = [...new Set(company.segments)].sort((a, b) => a - b);
  const fits = names.map((name) => {
    const own = company.clients.flatMap((client, i) => (company.segments[i] === name ? [together(client)] : []));
    const histories = own.map((counts) => ({ firstWeek: 0, counts }));
    const panel = panelWeeks(histories, lastWeek, preset, whole);
    const known = histories.map(({ counts }) => ({ firstWeek: 0, counts: counts.slice(0, learnUntil + 1) }));
    const factors = panel.factors.slice(0, learnUntil + 1);
    const curve = falseAlarmCurve(known, { ...whole, factors, spreadFactors: factors.map(() => 1) }, preset);
    return { factors: panel.factors, curve };
  });
  const all = joinCurves(fits.map(({ curve }) => curve));
  const lineOf = (curve: typeof all) => calibrateDropThreshold(curve, budget)?.threshold ?? 1;
  const pulled = ({ falseAlarms, clientYears }: typeof all) =>
    joinCurves([
      { falseAlarms, clientYears },
      { falseAlarms: all.falseAlarms.map((alarms) => (alarms * pullYears) / all.clientYears), clientYears: pullYears },
    ]);
  return fits.map(({ factors, curve }) => ({ factors, line: lineOf(pulled(curve)) / lineOf(all) }));
}

const rule = (title: string, usesLines: boolean): SimulatedRule => ({
  title,
  learn: (panel) => {
    const segments = fitSegments(panel);
    return (channels, segment) => {
      const { factors, line } = segments[segment]!;
      const divisor = usesLines ? line : 1;
      return replayDropWeeks(together(channels), factors, { preset }).scores.map((score) =>
        score === undefined ? undefined : score.alarmScore / divisor,
      );
    };
  },
});

export const segmentPeersRule = rule("peers by segment", false);
export const segmentLinesRule = rule("peers and lines by segment", true);
