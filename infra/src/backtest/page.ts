import { groups, type RuleResult } from "@keypulse/methods";
import { alertChart, escaped, falseAlarmChart, recallChart } from "./charts.ts";
import type { BacktestReport, ChannelReport, ReportedAlert } from "./runBacktest.ts";
import { basisTitles, channelTitle, groupTitles, headings, rowOf, whole } from "./tables.ts";

const mostAlertsShown = 60;

const style = `
:root { color-scheme: light dark; --paper: #fbfbf9; --ink: #22262b; --faint: #6c737c; --line: #dcdfe3; --bar: #b4bbc4;
  --own: #0b6e8f; --inside: #fff; --real: #0b6e8f; --false: #d9822b; --open: #b4bbc4; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e4e7ea; --faint: #98a1ab; --line: #30363d;
  --bar: #59626c; --own: #4fb3d4; --inside: #0d1114; --real: #4fb3d4; --false: #e8a050; --open: #59626c; --card: #1b1f24; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 32px 24px 80px; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, "Segoe UI", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 44px 0 4px; } h3 { font-size: 16px; margin: 28px 0 6px; }
p { max-width: 76ch; margin: 6px 0; } .faint { color: var(--faint); } .card { background: var(--card); border: 1px solid
  var(--line); border-radius: 8px; padding: 16px 18px; margin: 14px 0; overflow-x: auto; }
svg { max-width: 100%; height: auto; font: 12.5px system-ui, "Segoe UI", sans-serif; display: block; }
svg text { fill: var(--ink); } svg text.faint { fill: var(--faint); } svg text.head { font-weight: 600; }
svg text.own { font-weight: 600; fill: var(--own); } svg text.inside { fill: var(--inside); }
.bar { fill: var(--bar); } .bar.own, .dot.own { fill: var(--own); } .dot { fill: var(--bar); }
svg .bar:not(.own) + text.inside { fill: var(--ink); }
.grid, .axis { stroke: var(--line); } .stem { stroke: var(--line); stroke-width: 2; }
.budget { stroke: var(--false); stroke-width: 2; stroke-dasharray: 4 3; }
.real_drop { fill: var(--real); } .false_alarm { fill: var(--false); } .too_early { fill: var(--open); }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } th { font-weight: 600; color: var(--faint); }
details { margin: 8px 0; } summary { cursor: pointer; }
`;

/** The report as one page that needs nothing else: no network, light and dark. */
export function reportPage(report: BacktestReport): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backtest of ${escaped(report.origin)}</title><style>${style}</style></head><body>
<h1>What would Keypulse have found?</h1>
<p class="faint">${escaped(report.origin)}, ${day(report.from)} to ${day(report.to)}. Seed ${report.seed}.</p>
${report.notes.map((note) => `<p>Note: ${escaped(note)}.</p>`).join("")}
<p>Drops were planted into real histories; a rule found one when it alarmed within 13 weeks (18 for the slow decline). A
false alarm is one after which the next 13 weeks held 70 % or more of the client's level. Keypulse's own rules are in
colour, the others are what people use today.</p>
${report.channels.map((channel) => channelSection(channel, report)).join("")}
<h2>Alerts that would have been sent</h2>
${alertSection(report)}
</body></html>
`;
}

function channelSection(channel: ChannelReport, report: BacktestReport): string {
  const head = `<h2>${channelTitle(channel)}</h2><p class="faint">${whole(channel.events)} events of ${whole(channel.clients)} clients.</p>`;
  if (channel.periods === undefined) return `${head}<p>No comparison: ${escaped(channel.tooShort!)}.</p>`;
  const { calibration, report: judged } = channel.periods;
  const budget = report.channels[0]!.sent.dropBudget;
  return `${head}<p>Thresholds were set on the weeks of ${calibration.from} to ${calibration.to}; all figures are of the weeks of
${judged.from} to ${judged.to}.</p>
${groups.map((group) => groupSection(channel, group, budget)).join("")}`;
}

function groupSection(channel: ChannelReport, group: (typeof groups)[number], budget: number): string {
  const own = channel.results.filter((result) => result.group === group);
  const pick = (basis: RuleResult["basis"], at: number) =>
    own.filter((result) => result.basis === basis && result.budget === at);
  const years = own.find(({ report }) => report !== undefined)?.report?.clientYears;
  const title = `<h3>${groupTitles[group]}</h3>`;
  if (years === undefined) return `${title}<p>Too few are watched to set a threshold.</p>`;
  const others = [...new Set(own.map((result) => result.budget))].sort((a, b) => a - b);
  return `${title}
<p>${years.toFixed(0)} client-years judge it. Share of planted drops found where every rule is set, in hindsight, to at most
${budget} false alarms a client-year in this very period: the rules alone are compared.</p>
<div class="card">${recallChart(pick("hindsight", budget))}</div>
<p>As in life: set on the first period to ${budget} false alarms a client-year, this is what the second period brought.
Where all lie to the right of the line, the second period was livelier than the first.</p>
<div class="card">${falseAlarmChart(pick("calibrated", budget), budget)}</div>
<details><summary>All figures</summary>${others
    .flatMap((at) =>
      (["calibrated", "hindsight"] as const).map(
        (basis) =>
          `<div class="card"><p class="faint">Budget ${at}. ${basisTitles[basis]}</p>${table([headings, ...pick(basis, at).map(rowOf)])}</div>`,
      ),
    )
    .join("")}</details>`;
}

function alertSection({ alerts, channels }: BacktestReport): string {
  const ofClients = alerts.filter(({ client }) => client !== undefined);
  const parts = channels.flatMap(({ channel, sent }) =>
    (["activity_drop", "silence"] as const).map((signal) => {
      const own = ofClients.filter((alert) => alert.channel === channel && alert.signal === signal);
      const judged = own.filter(({ verdict }) => verdict !== "too_early");
      const real = judged.filter(({ verdict }) => verdict === "real_drop").length;
      const budget = signal === "silence" ? sent.silenceBudget : sent.dropBudget;
      return `<h3>${signal === "silence" ? "Silence" : "Activity drop"}, ${channel === "all" ? "any activity" : channel}</h3>
<p>${whole(own.length)} at a budget of ${budget}${judged.length > 0 ? `; ${real} of the ${judged.length} that can be judged proved real` : ""}.</p>
${own.length > 0 ? `<div class="card">${alertChart(own)}</div>` : ""}`;
    }),
  );
  const outages = alerts.filter(({ source }) => source !== undefined);
  const worth = ({ probability, money_at_stake = 1 }: ReportedAlert) => probability * money_at_stake;
  const first = ofClients.toSorted((a, b) => worth(b) - worth(a)).slice(0, mostAlertsShown);
  return `${parts.join("")}
<h3>Sources</h3><p>${outages.length === 0 ? "No source fell silent." : `${outages.length} outages; alerts about clients of the source were held meanwhile.`}</p>
${outages.length > 0 ? `<div class="card">${table([["source", "told", "ended", "silent hours", "line"], ...outages.map(outageRow)])}</div>` : ""}
<h3>The ${first.length} to call first</h3><p class="faint">By likelihood × money at stake; all of them by --json.</p>
<div class="card">${table([["client", "signal", "sent", "probability", "at stake", "came true"], ...first.map(alertRow)])}</div>`;
}

const outageRow = ({ source, time, ended, figures }: ReportedAlert): string[] => [
  source!,
  minute(time),
  ended === null ? "still silent" : minute(ended),
  whole(figures.gap_hours!),
  whole(figures.threshold_hours!),
];

const verdictTexts = { real_drop: "yes", false_alarm: "no", too_early: "not yet known" } as const;
const alertRow = ({ client, signal, channel, time, probability, money_at_stake, verdict }: ReportedAlert): string[] => [
  client!,
  `${signal === "silence" ? "silence" : "drop"} of ${channel === "all" ? "any activity" : channel}`,
  day(time),
  probability.toFixed(2),
  money_at_stake === undefined ? "–" : whole(money_at_stake),
  verdictTexts[verdict ?? "too_early"],
];

function table([head, ...rows]: readonly (readonly string[])[]): string {
  const cells = (tag: "th" | "td", row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${cells("th", head!)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table>`;
}

const day = (time: string): string => time.slice(0, 10);
const minute = (time: string): string => time.slice(0, 16).replace("T", " ");
