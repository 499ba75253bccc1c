import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours where the output is a terminal and NO_COLOR does not forbid them. */
export const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** Rows under a header, columns as wide as their widest cell; the last one may run on. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  return [styled("dim", line(header)), ...rows.map(line)].join("\n");
}

/** Names and what is said of each, in two columns. */
export function facts(rows: readonly (readonly [string, string | undefined])[]): string {
  const there = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  const width = Math.max(...there.map(([name]) => name.length));
  return there
    .map(([name, value]) => `  ${name.padEnd(width)}  ${value.replaceAll("\n", `\n${" ".repeat(width + 4)}`)}`)
    .join("\n");
}

const bars = "▁▂▃▄▅▆▇█";

/** Counts as a line of bars; nothing is a space. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  return counts.map((count) => (count === 0 ? " " : bars[Math.ceil((count / most) * bars.length) - 1])).join("");
}
