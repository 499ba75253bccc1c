import { type Basis, bases, groups, type PlantKind, plantKinds, type RuleResult } from "@keypulse/methods";
import type { BacktestReport, ChannelReport } from "./runBacktest.ts";

export const groupTitles = {
  frequent: "Clients of half an event a week or more",
  rare: "Rarer clients with three repeats or more",
} as const;
export const basisTitles: Record<Basis, string> = {
  calibrated: "Thresholds set on the first period, as in life:",
  hindsight: "Thresholds set in hindsight, so that all rules give equally many false alarms in the second period:",
};
export const plantTitles: Record<PlantKind, string> = {
  silence: "silence",
  drop75: "−75 %",
  drop50: "−50 %",
  slow: "slow decline",
};

/** The report for a terminal. */
export function showReport(report: BacktestReport): string {
  return [
    `${report.origin}, ${report.from.slice(0, 10)} to ${report.to.slice(0, 10)}`,
    ...report.notes.map((note) => `Note: ${note}.`),
    ...report.channels.map(showChannel),
    showAlerts(report),
  ].join("\n\n");
}

function showChannel(channel: ChannelReport): string {
  const title = `${channelTitle(channel)}: ${whole(channel.events)} events of ${whole(channel.clients)} clients`;
  if (channel.periods === undefined) return `${title}\n  No comparison: ${channel.tooShort}.`;
  const { calibration, report } = channel.periods;
  const lines = [
    title,
    `Thresholds set on weeks ${calibration.from} to ${calibration.to}, figures of weeks ${report.from} to ${report.to}.`,
  ];
  const budget = channel.sent.dropBudget;
  for (const group of groups) {
    const own = channel.results.filter((result) => result.group === group && result.budget === budget);
    const counted = own.find((result) => result.basis === "calibrated" && result.calibration !== undefined);
    lines.push("", `${groupTitles[group]}; budget ${budget} false alarms a client-year${yearsOf(counted)}`);
    if (own.every(({ calibration: figures }) => figures === undefined)) {
      lines.push("  Too few are watched in the calibration period.");
      continue;
    }
    for (const basis of bases) {
      const rows = own.filter((result) => result.basis === basis);
      lines.push(`  ${basisTitles[basis]}`, showTable([headings, ...rows.map(rowOf)]));
    }
  }
  return lines.join("\n");
}

export const channelTitle = ({ channel }: ChannelReport): string => (channel === "orders" ? "Orders" : "Any activity");

function yearsOf(result: RuleResult | undefined): string {
  const { calibration, report } = result ?? {};
  if (calibration === undefined || report === undefined) return "";
  return ` (${calibration.clientYears.toFixed(0)} client-years set it, ${report.clientYears.toFixed(0)} judge it)`;
}

export const headings = [
  "rule",
  ...plantKinds.map((kind) => plantTitles[kind]),
  "delay, weeks",
  "false a client-year",
  "precision",
  "alerts a week",
];

/** Recall by kind, mean delay of silences found, and what alerts without planting came to. */
export function rowOf({ title, threshold, recall, report }: RuleResult): string[] {
  if (threshold === undefined || recall === undefined || report === undefined) {
    return [title, ...plantKinds.map(() => "–"), "–", "can't be set so rare", "–", "–"];
  }
  const delay = recall.silence.meanDelayWeeks;
  return [
    title,
    ...plantKinds.map((kind) => {
      const { plants, found } = recall[kind];
      return plants === 0 ? "–" : (found / plants).toFixed(2);
    }),
    delay === undefined ? "–" : delay.toFixed(1),
    report.falseAlarmsPerClientYear?.toFixed(2) ?? "–",
    report.precision === undefined ? "–" : `${report.precision.toFixed(2)} of ${report.alarms}`,
    report.alarmsPerWeek.toFixed(1),
  ];
}

function showTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")}`.trimEnd(),
    )
    .join("\n");
}

function showAlerts({ alerts, channels }: BacktestReport): string {
  const lines = ["What Keypulse would have sent, as it is set:"];
  for (const { channel, sent } of channels) {
    for (const signal of ["activity_drop", "silence"] as const) {
      const own = alerts.filter((alert) => alert.channel === channel && alert.signal === signal);
      const judged = own.filter(({ verdict }) => verdict !== "too_early");
      const real = judged.filter(({ verdict }) => verdict === "real_drop").length;
      const how =
        signal === "activity_drop"
          ? `threshold ${sent.dropThreshold.toFixed(2)}, budget ${sent.dropBudget}`
          : `budget ${sent.silenceBudget}`;
      const proved = judged.length > 0 ? `; ${real} of ${judged.length} that can be judged proved real` : "";
      lines.push(
        `  ${signal} of ${channel === "all" ? "any activity" : channel} (${how}): ${whole(own.length)}${proved}`,
      );
    }
  }
  const outages = alerts.filter(({ signal }) => signal === "source_outage").length;
  lines.push(`  source_outage: ${outages}${outages > 0 ? "; alerts about their clients were held meanwhile" : ""}`);
  return lines.join("\n");
}

export const whole = (number: number): string => Math.round(number).toLocaleString("en-GB");
