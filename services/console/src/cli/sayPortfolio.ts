import type { LossReport, PortfolioReport } from "../inputs/portfolioRoutes.ts";
import { facts, styled, table } from "./table.ts";

type Row = PortfolioReport["rows"][number];
type Cell = Row[string];

/** Columns that are shares of something. */
const isShare = (name: string): boolean => /share$|^threshold$|^chance$/.test(name);
const isMoney = (name: string): boolean => /value|revenue|margin|^cash|growth/.test(name) && !isShare(name);

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 4 });

/** A figure as people read it: shares in percent, money without pence. */
export function sayCell(name: string, cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "-";
  if (Array.isArray(cell)) return cell.join(", ");
  if (typeof cell !== "number") return String(cell);
  if (isShare(name)) return `${(100 * cell).toFixed(2)} %`;
  return isMoney(name) ? whole.format(cell) : fine.format(cell);
}

const longest = 34;
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

/** Control characters of a name must not reach the terminal. */
const clean = (text: string): string => text.replace(/\p{Control}/gu, " ");

export function sayRows(rows: readonly Row[], columns = Object.keys(rows[0] ?? {})): string {
  const texts = rows.map((row) => columns.map((name) => shortened(clean(sayCell(name, row[name])))));
  const numeric = columns.map((name) => rows.some((row) => typeof row[name] === "number"));
  const widths = columns.map((name, at) => Math.max(name.length, ...texts.map((row) => row[at]!.length)));
  // Figures stand under each other at their last digit.
  const aligned = texts.map((row) => row.map((text, at) => (numeric[at] ? text.padStart(widths[at]!) : text)));
  const header = columns.map((name, at) => (numeric[at] ? name.padStart(widths[at]!) : name));
  return table(
    header.map((name) => name.replaceAll("_", " ")),
    aligned,
  );
}

export function sayReport({ title, as_of, since, rows }: PortfolioReport, limit: number): string {
  const head = `${styled("bold", title)}  ${styled("dim", since === undefined ? `as of ${as_of}` : `from ${since} to ${as_of}`)}`;
  const [only] = rows;
  if (only === undefined) return `${head}\n  Nothing: ${emptyReason}`;
  const figures = Object.entries(only).filter(([name]) => name !== "largest");
  const body =
    rows.length === 1 && figures.length > 4
      ? facts(figures.map(([name, cell]) => [name.replaceAll("_", " "), clean(sayCell(name, cell))]))
      : sayRows(rows);
  const more = rows.length >= limit ? `\n${styled("dim", `The first ${limit}: --limit for more.`)}` : "";
  return `${head}\n${body}${more}`;
}

const emptyReason = "no client has what this is about in these months. Is the day right? npm run portfolio -- --help";

const letters = { abc: ["A", "B", "C"], xyz: ["X", "Y", "Z"] } as const;

/** The grid as people draw it: ABC down, XYZ across, clients and their share. */
export function sayGrid(rows: readonly Row[]): string {
  const field = (abc: string, xyz: string): string => {
    const found = rows.find((row) => row.abc === abc && row.xyz === xyz);
    return found === undefined ? "-" : `${sayCell("clients", found.clients)} (${sayCell("share", found.share)})`;
  };
  const cells = letters.abc.map((abc) => [abc, ...letters.xyz.map((xyz) => field(abc, xyz))]);
  return table(["", ...letters.xyz], cells);
}

/** What the loss of clients would mean. @param names as they were asked for */
export function sayLoss({ as_of, after, months }: LossReport, names: readonly string[]): string {
  const [figures = {}] = after;
  const head = `${styled("bold", `Without ${clean(names.join(", "))}`)}  ${styled("dim", `as of ${as_of}`)}`;
  const lines = Object.entries(figures).map(([name, figure]): [string, string] => [
    name.replaceAll("_", " "),
    figure === null ? "not known: too short a history, or the others do not grow" : clean(sayCell(name, figure)),
  ]);
  const expected = styled("bold", "The months to come, as those a year before");
  return `${head}\n${facts(lines)}\n\n${expected}\n${sayRows(months)}`;
}

export interface Summary {
  readonly concentration: PortfolioReport;
  readonly thresholds: PortfolioReport;
  readonly grid: PortfolioReport;
  readonly abc: PortfolioReport;
  readonly moves: PortfolioReport;
  readonly churn: PortfolioReport;
  readonly winBack: PortfolioReport;
}

/** What a head of key accounts wants on one screen. */
export function saySummary(summary: Summary): string {
  const { concentration, thresholds, grid, abc, moves, churn, winBack } = summary;
  const head = `${styled("bold", "Portfolio")}  ${styled("dim", `as of ${concentration.as_of}`)}`;
  const [whole] = concentration.rows;
  if (whole === undefined || whole.clients === 0) return `${head}\n  Nobody ordered in these months. ${emptyReason}`;
  const together = thresholds.rows.map(
    ({ threshold, fewest_clients }) =>
      `${sayCell("share", threshold).replace(".00", "")}: ${sayCell("", fewest_clients)}`,
  );
  const alone = thresholds.rows.map(
    ({ threshold, clients_above }) =>
      `${sayCell("share", threshold).replace(".00", "")}: ${sayCell("", clients_above)}`,
  );
  const section = (title: string, text: string): string => `\n${styled("bold", title)}\n${text}`;
  return [
    head,
    facts([
      ["clients", sayCell("clients", whole.clients)],
      ["value", sayCell("value", whole.value)],
      ["largest", `${clean(String(whole.largest_name))}, ${sayCell("share", whole.largest_share)}`],
      [
        "Herfindahl",
        `${sayCell("", whole.herfindahl)}, as of ${sayCell("value", whole.equal_clients)} equal clients; Gini ${sayCell("", whole.gini)}`,
      ],
      ["fewest clients that make", together.join(", ")],
      ["clients who alone make", alone.join(", ")],
    ]),
    section("Large (A) to small, steady (X) to irregular: clients and their share", sayGrid(grid.rows)),
    section("Largest", sayRows(abc.rows)),
    section(
      `Moved since ${moves.since}, the largest`,
      moves.rows.length === 0
        ? "  Nobody."
        : sayRows(moves.rows, ["name", "from_class", "to_class", "value_before", "value"]),
    ),
    section("Lost and won back", churn.rows.length === 0 ? "  Nobody was lost." : sayRows(churn.rows)),
    section(
      "Whom to win back first",
      winBack.rows.length === 0
        ? "  Nobody is lost."
        : sayRows(winBack.rows, ["name", "owner", "lost_on", "revenue_before", "chance", "expected_value", "offer"]),
    ),
  ].join("\n");
}
