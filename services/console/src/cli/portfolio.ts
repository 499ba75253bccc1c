import { parseArgs } from "node:util";
import { type ReportName, reportNames } from "../domain/portfolioReports.ts";
import type { LossReport, PortfolioReport, ShownLimits } from "../inputs/portfolioRoutes.ts";
import { type ApiClient, CommandFault, connectConsole, runCommand } from "./apiClient.ts";
import { findClient, mostShown } from "./findClient.ts";
import { sayFound } from "./sayClient.ts";
import { sayLoss, sayReport, saySummary } from "./sayPortfolio.ts";
import { readValue } from "./settingValues.ts";
import { facts, styled } from "./table.ts";

const help = `Usage: npm run portfolio -- [REPORT] [options]

Without a report, on one screen: concentration, the grid of ABC and XYZ, the largest, who moved, who was lost, whom to
win back.

Reports: ${reportNames.join(", ")}
  The same in SQL: views portfolio, portfolio_grid, …; npm run sql, then \\d

  what-if CLIENT [CLIENT …]      if they left: share, concentration, revenue, margin and cash by month; name, id or e-mail

  settings                       limits as they are; those that somebody set are marked
  settings set NAME=VALUE …      such as months=6 measure=margin thresholds=[0.1,0.5] schemes=@schemes.json
  settings reset NAME …          back to the default

  --as-of DAY      as of any day, such as 2026-10-31; default today
  --from, --to     for moves: two days, or months, whose ends are compared: --from 2026-08 --to 2026-10
  --limit N        rows; default 20
  --json           the console's answer as it is
  --help, -h

The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "as-of": { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      limit: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [name, ...rest] = positionals;
  const print = <T>(answer: T, say: (answer: T) => string): void =>
    console.log(values.json ? JSON.stringify(answer, null, 2) : say(answer));
  const api = connectConsole();
  if (name === "settings") {
    print(await settings(api, rest), sayLimits);
    return 0;
  }
  const asOf = dayOf("--to", values.to) ?? dayOf("--as-of", values["as-of"]);
  const since = dayOf("--from", values.from);
  const ask = async (report: ReportName, limit = values.limit): Promise<PortfolioReport> => {
    const query = new URLSearchParams({
      ...(asOf !== undefined && { as_of: asOf }),
      ...(since !== undefined && { since }),
      limit,
    });
    return await api.call("GET", `/v1/portfolio/reports/${report}?${query}`);
  };
  if (name === "what-if") {
    if (rest.length === 0) throw new CommandFault('what-if takes clients: npm run portfolio -- what-if "Acme Ltd"');
    const ids = await Promise.all(rest.map((asked) => oneClient(api, asked)));
    const query = new URLSearchParams({ clients: ids.join(","), ...(asOf !== undefined && { as_of: asOf }) });
    print(await api.call<LossReport>("GET", `/v1/portfolio/what-if?${query}`), (loss) => sayLoss(loss, rest));
    return 0;
  }
  if (name === undefined) {
    const [concentration, thresholds, grid, abc, moves, churn, winBack] = await Promise.all([
      ask("concentration"),
      ask("thresholds"),
      ask("grid"),
      ask("abc", "6"),
      ask("moves", "4"),
      ask("churn", "4"),
      ask("win-back", "4"),
    ]);
    print({ concentration, thresholds, grid, abc, moves, churn, winBack }, saySummary);
    return 0;
  }
  const report = reportNames.find((known) => known === name);
  if (report === undefined) {
    throw new CommandFault(`There is no report "${name}". Reports: ${reportNames.join(", ")}; and what-if, settings.`);
  }
  print(await ask(report), (answer) => sayReport(answer, Number(values.limit)));
  return 0;
}

/** @throws CommandFault where none or several are meant */
async function oneClient(api: ApiClient, asked: string): Promise<string> {
  const found = await findClient(api, asked);
  if (Array.isArray(found)) throw new CommandFault(sayFound(asked, found, mostShown));
  return found.id;
}

/** A day as it is; of a month its last day. @throws CommandFault */
function dayOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, year, month, day] = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(text) ?? [];
  const date = day === undefined ? new Date(Date.UTC(Number(year), Number(month), 0)) : new Date(`${text}T00:00:00Z`);
  const read = Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
  if (read.startsWith(text)) return read;
  throw new CommandFault(`${option} takes a day such as 2026-10-31 or a month such as 2026-10, but got "${text}".`);
}

async function settings(api: ApiClient, [verb, ...given]: string[]): Promise<ShownLimits> {
  const path = "/v1/portfolio/settings";
  const before = await api.call<ShownLimits>("GET", path);
  if (verb === undefined) return before;
  if (given.length === 0 || !["set", "reset"].includes(verb)) {
    throw new CommandFault("settings takes set NAME=VALUE … or reset NAME …; npm run portfolio -- --help");
  }
  const unknown = given
    .map((text) => text.split("=")[0]!)
    .filter((name) => !(name in before.limits || name === "schemes"));
  if (unknown.length > 0) {
    throw new CommandFault(
      `There is no limit ${unknown.join(", ")}. Limits: ${Object.keys(before.limits).join(", ")}, schemes`,
    );
  }
  const set =
    verb === "set"
      ? { ...before.set, ...Object.fromEntries(given.map(readLimit)) }
      : Object.fromEntries(Object.entries(before.set).filter(([name]) => !given.includes(name)));
  return await api.call<ShownLimits>("PUT", path, set, before.version);
}

/** JSON where it is some, else a text. @throws CommandFault */
function readLimit(pair: string): [string, unknown] {
  const equals = pair.indexOf("=");
  if (equals < 1) throw new CommandFault(`settings set takes NAME=VALUE, but got "${pair}".`);
  const text = readValue(pair.slice(equals + 1));
  try {
    return [pair.slice(0, equals), JSON.parse(text)];
  } catch {
    return [pair.slice(0, equals), text];
  }
}

const sayLimits = ({ set, limits }: ShownLimits): string =>
  facts(
    Object.entries({ ...limits, ...(set.schemes && { schemes: Object.keys(set.schemes) }) }).map(([name, value]) => [
      name,
      `${Array.isArray(value) ? JSON.stringify(value) : value}${name in set ? `  ${styled("yellow", "set")}` : ""}`,
    ]),
  );

await runCommand(help, main);
