import { plantKinds, type RuleResult } from "@keypulse/methods";
import type { ReportedAlert } from "./runBacktest.ts";
import { plantTitles } from "./tables.ts";

const ours = new Set(["drop_fast", "drop_steady", "silence", "silence_regular"]);
const rowHeight = 24;
const top = 34;
const labelWidth = 250;
const panelWidth = 150;
const gap = 26;

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Share of planted drops found: a panel for each kind, a bar for each rule; Keypulse's own in colour. */
export function recallChart(rows: readonly RuleResult[]): string {
  const width = labelWidth + plantKinds.length * (panelWidth + gap);
  const height = top + rows.length * rowHeight + 24;
  const marks: string[] = [];
  for (const [i, row] of rows.entries()) {
    const y = top + i * rowHeight;
    marks.push(text(labelWidth - 10, y + 15, row.title, "end", ours.has(row.rule) ? "own" : ""));
    for (const [k, kind] of plantKinds.entries()) {
      const x = labelWidth + k * (panelWidth + gap);
      const counted = row.recall?.[kind];
      if (counted === undefined || counted.plants === 0) {
        marks.push(text(x + 2, y + 15, row.recall === undefined ? "can't be set" : "–", "start", "faint"));
        continue;
      }
      const share = counted.found / counted.plants;
      const error = Math.sqrt((share * (1 - share)) / counted.plants);
      const length = share * panelWidth;
      marks.push(
        `<rect class="${ours.has(row.rule) ? "bar own" : "bar"}" x="${x}" y="${y + 3}" width="${length.toFixed(1)}" height="15" rx="2">` +
          `<title>${escaped(row.title)}, ${plantTitles[kind]}: ${counted.found} of ${counted.plants} found (${share.toFixed(2)} ± ${error.toFixed(2)})</title></rect>`,
        share > 0.75
          ? text(x + length - 5, y + 15, share.toFixed(2), "end", "inside")
          : text(x + length + 5, y + 15, share.toFixed(2), "start", "number"),
      );
    }
  }
  const heads = plantKinds.map((kind, k) => {
    const x = labelWidth + k * (panelWidth + gap);
    const ends = [0, 0.5, 1].map((at) => {
      const place = x + at * panelWidth;
      return `<line class="grid" x1="${place}" x2="${place}" y1="${top - 4}" y2="${height - 20}"/>${text(place, height - 6, String(at), "middle", "faint")}`;
    });
    return ends.join("") + text(x, 18, plantTitles[kind], "start", "head");
  });
  return svg(width, height, [...heads, ...marks].join(""), "Share of planted drops that each rule found");
}

/** False alarms a client-year in the second period, with the budget as a line: who keeps what was set on the first. */
export function falseAlarmChart(rows: readonly RuleResult[], budget: number): string {
  const known = rows.filter(({ report }) => report?.falseAlarmsPerClientYear !== undefined);
  const most = Math.max(budget * 1.5, ...known.map(({ report }) => report!.falseAlarmsPerClientYear!));
  const plot = 440;
  const height = top + known.length * rowHeight + 10;
  const at = (value: number): number => labelWidth + (value / most) * plot;
  const marks = known.map(({ title, rule, report }, i) => {
    const y = top + i * rowHeight + 11;
    const value = report!.falseAlarmsPerClientYear!;
    const color = ours.has(rule) ? "own" : "";
    return (
      text(labelWidth - 10, y + 4, title, "end", color) +
      `<line class="stem" x1="${at(0)}" x2="${at(value)}" y1="${y}" y2="${y}"/>` +
      `<circle class="dot ${color}" cx="${at(value)}" cy="${y}" r="5"><title>${escaped(title)}: ${value.toFixed(2)} a client-year (${report!.falseAlarms} in ${report!.clientYears.toFixed(0)} client-years)</title></circle>` +
      text(at(value) + 10, y + 4, value.toFixed(2), "start", "number")
    );
  });
  const line =
    `<line class="budget" x1="${at(budget)}" x2="${at(budget)}" y1="${top - 8}" y2="${height - 4}"/>` +
    text(at(budget), 18, `budget ${budget}`, "middle", "head");
  return svg(labelWidth + plot + 60, height, line + marks.join(""), "False alarms a client-year against the budget");
}

const weekMs = 7 * 86_400_000;
const verdictsShown = ["real_drop", "false_alarm", "too_early"] as const;

/** Alerts by the week in which they would have been sent. */
export function alertChart(alerts: readonly ReportedAlert[]): string {
  if (alerts.length === 0) return "";
  const weekOf = (time: string): number => Math.floor((Date.parse(time) / 86_400_000 + 3) / 7);
  const weeks = alerts.map(({ time }) => weekOf(time));
  const first = weeks.reduce((a, b) => Math.min(a, b));
  const last = weeks.reduce((a, b) => Math.max(a, b));
  const counts = new Map<number, number[]>();
  for (const [i, alert] of alerts.entries()) {
    const row = counts.get(weeks[i]!) ?? [0, 0, 0];
    row[verdictsShown.indexOf(alert.verdict ?? "too_early")]! += 1;
    counts.set(weeks[i]!, row);
  }
  const most = [...counts.values()].reduce((a, row) => Math.max(a, row[0]! + row[1]! + row[2]!), 1);
  const [left, plotWidth, plotHeight] = [40, 780, 150];
  const step = plotWidth / (last - first + 1);
  const bars = [...counts].map(([week, row]) => {
    let y = top + plotHeight;
    return row
      .map((count, k) => {
        const height = (count / most) * plotHeight;
        y -= height;
        const x = left + (week - first) * step;
        return count === 0
          ? ""
          : `<rect class="${verdictsShown[k]}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(1, step - 1).toFixed(1)}" height="${height.toFixed(1)}"><title>week of ${monday(week)}: ${row[0]} real, ${row[1]} false, ${row[2]} not yet known</title></rect>`;
      })
      .join("");
  });
  const base = top + plotHeight;
  const legend = ["proved real", "false", "not yet known"].map(
    (name, k) =>
      `<rect class="${verdictsShown[k]}" x="${left + k * 130}" y="6" width="11" height="11" rx="2"/>${text(left + 17 + k * 130, 16, name, "start", "")}`,
  );
  const axis =
    `<line class="axis" x1="${left}" x2="${left + plotWidth}" y1="${base}" y2="${base}"/>` +
    text(left - 6, top + 8, String(most), "end", "faint") +
    text(left - 6, base, "0", "end", "faint") +
    text(left, base + 18, monday(first), "start", "faint") +
    text(left + plotWidth, base + 18, monday(last), "end", "faint");
  return svg(left + plotWidth + 10, base + 26, legend.join("") + axis + bars.join(""), "Alerts by week");
}

const monday = (week: number): string => new Date(week * weekMs - 3 * 86_400_000).toISOString().slice(0, 10);

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end", kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function svg(width: number, height: number, content: string, label: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escaped(label)}">${content}</svg>`;
}
