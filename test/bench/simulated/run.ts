import { parseArgs } from "node:util";
import { seededRandom } from "@keypulse/testkit";
import { channelKinds, channelLaws, channelRules } from "./channels.ts";
import { type CompanyLaw, drawCompany } from "./company.ts";
import { judgeRules, type PlantedKind, type Verdict } from "./judge.ts";
import { learnedSeasonRule, ownSeasonRule, panelSeasonRule, usualRule } from "./season.ts";
import { segmentLaws, segmentLinesRule, segmentPeersRule } from "./segments.ts";

/**
 * Last year's season, peers by segment, and several channels together, on simulated companies: `node
 * test/bench/simulated/run.ts season`, `segments` or `channels`, under a minute each. What came of it is kept in packages/methods/REPORT.md.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { clients: { type: "string", default: "1500" }, seed: { type: "string", default: "1" } },
});
const clients = Number(values.clients);
const budgets = [0.1, 0.25];

const together: PlantedKind[] = [
  { name: "silence", weeksToFind: 13, kept: () => 0 },
  { name: "-75 %", weeksToFind: 13, kept: () => 0.25 },
  { name: "-50 %", weeksToFind: 13, kept: () => 0.5 },
  { name: "slow", weeksToFind: 18, kept: (_, weeks) => Math.max(0.25, 1 - (0.75 * (weeks + 1)) / 12) },
];
const oneChannel = [{ name: "all", rate: 1, used: 1, burstShape: 4 }];
const ofSeason = { clients, weeks: 52 * 4 + 26, scales: [0.7, 12] as const, channels: oneChannel };
const seasons: Record<string, CompanyLaw> = {
  "no season": { ...ofSeason, season: { kind: "none" } },
  "wave of .5, shared": { ...ofSeason, season: { kind: "wave", strength: 0.5, phase: "shared" } },
  "wave of .3, own phase": { ...ofSeason, season: { kind: "wave", strength: 0.3, phase: "own" } },
  "wave of .6, own phase": { ...ofSeason, season: { kind: "wave", strength: 0.6, phase: "own" } },
  "eight weeks at 20 %, own time": { ...ofSeason, season: { kind: "pause", share: 0.2 } },
};

if (positionals[0] === "season") {
  for (const [name, law] of Object.entries(seasons)) {
    const rules = [usualRule, panelSeasonRule, ownSeasonRule(5), ownSeasonRule(20), learnedSeasonRule];
    compare(name, law, rules, together, { calibrate: [104, 155], report: [156, 220] });
  }
} else if (positionals[0] === "segments") {
  for (const [name, law] of Object.entries(segmentLaws(clients))) {
    const rules = [usualRule, segmentPeersRule, segmentLinesRule];
    compare(name, law, rules, together, { calibrate: [104, 155], report: [156, 220] });
  }
} else if (positionals[0] === "channels") {
  for (const [name, law] of Object.entries(channelLaws(clients))) {
    compare(name, law, channelRules, channelKinds(together), { calibrate: [30, 81], report: [82, 146] });
  }
} else throw new Error("say which: season, segments or channels");

function compare(
  name: string,
  law: CompanyLaw,
  rules: Parameters<typeof judgeRules>[1],
  kinds: readonly PlantedKind[],
  periods: Parameters<typeof judgeRules>[4],
): void {
  const company = drawCompany(law, seededRandom(Number(values.seed)));
  console.log(`\n${name}: ${kinds.map((kind) => kind.name).join(" / ")}`);
  for (const { title, hindsight, setBefore } of judgeRules(company, rules, kinds, budgets, periods)) {
    const cells = [...hindsight, setBefore.at(-1)!].map(shown);
    const rate = setBefore.at(-1)!.falseAlarmsPerClientYear?.toFixed(2) ?? "–";
    console.log(`  ${title.padEnd(34)} .10 ${cells[0]}  .25 ${cells[1]}  .25 set before ${cells[2]} at ${rate}`);
  }
}

function shown({ threshold, kinds }: Verdict): string {
  if (threshold === undefined) return "can't be set so rare";
  const two = (share: number): string => share.toFixed(2).replace(/^0/, "");
  return `${kinds.map(({ recall }) => two(recall)).join("/")} (${kinds[0]!.delayWeeks.toFixed(1)})`;
}
