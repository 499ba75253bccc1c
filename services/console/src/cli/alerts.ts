import { parseArgs } from "node:util";
import { outcomes } from "@keypulse/contracts";
import type { BudgetNow, Precision, ShownAlert } from "../inputs/alertReading.ts";
import type { BudgetAnswer } from "../inputs/alertRoutes.ts";
import { type ApiClient, CommandFault, connectConsole, runCommand } from "./apiClient.ts";
import { facts, styled, table } from "./table.ts";

const help = `Usage: npm run alerts -- COMMAND [options]

  list                      what is open, most at stake first [--all] [--owner NAME] [--limit 20]
  show ID                   one alert whole: what each detector found, in numbers, and what usually helps
  outcome ID OUTCOME        what became of it: ${outcomes.join(", ")} [--note TEXT]; OUTCOME none takes it back
  budget                    false alarms that are borne against what happened, and how often alerts prove real
  budget set DETECTOR N     bear N false alarms a client-year of a detector, such as silence [--segment ID]
  capacity N                alerts that an account manager can look after in a week

  --json         the console's answer as it is
  --help, -h

An alert's ID may be cut short where only one begins so.
The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

const shortId = 8;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: "boolean", default: false },
      owner: { type: "string" },
      limit: { type: "string", default: "20" },
      note: { type: "string" },
      segment: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [name, ...rest] = positionals;
  if (values.help || name === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const print: Print = (answer, say) => console.log(values.json ? JSON.stringify(answer, null, 2) : say(answer));
  const asked = { rest, ...values, print };
  if (name === "list") return await list(connectConsole(), asked);
  if (name === "show" && rest.length === 1) return await show(connectConsole(), asked);
  if (name === "outcome" && rest.length === 2) return await outcome(connectConsole(), asked);
  if (name === "budget" && rest.length === 0) return await showBudget(connectConsole(), asked);
  if (name === "budget" && rest[0] === "set" && rest.length === 3) return await setBudget(connectConsole(), asked);
  if (name === "capacity" && rest.length === 1) return await setCapacity(connectConsole(), asked);
  console.error(`"${positionals.join(" ")}" is not a command, or something is missing.\n\n${help}`);
  return 2;
}

type Print = <T>(answer: T, say: (answer: T) => string) => void;

interface Asked {
  readonly rest: readonly string[];
  readonly all: boolean;
  readonly owner?: string | undefined;
  readonly limit: string;
  readonly note?: string | undefined;
  readonly segment?: string | undefined;
  readonly print: Print;
}

const money = (amount: number, currency: string): string =>
  `${amount.toLocaleString("en", { maximumFractionDigits: 0 })} ${currency}`;

const titleOf = ({ client_name, headline, detector, money_at_stake, currency }: ShownAlert): string =>
  `${styled("bold", client_name)}  ${headline || detector}  at stake ${money(money_at_stake, currency)}`;

async function list(api: ApiClient, { all, owner, limit, print }: Asked): Promise<number> {
  const query = new URLSearchParams({
    limit,
    ...(all ? {} : { state: "open" }),
    ...(owner === undefined ? {} : { owner }),
  });
  print(await api.call<{ alerts: ShownAlert[] }>("GET", `/v1/alerts?${query}`), ({ alerts }) =>
    alerts.length === 0
      ? "No alert is open."
      : alerts
          .map((alert) =>
            [
              titleOf(alert),
              `  ${alert.id.slice(0, shortId)}  opened ${alert.opened_at.slice(0, 10)}${alert.state === "open" ? "" : ", resolved"}` +
                `${alert.outcome === null ? "" : `  outcome: ${alert.outcome.outcome} (${alert.outcome.who})`}`,
              `  ${alert.reason}`,
            ].join("\n"),
          )
          .join("\n\n"),
  );
  return 0;
}

/** The whole id of an alert that a part of it begins. @throws CommandFault */
async function wholeId(api: ApiClient, start: string): Promise<string> {
  if (start.length === 36) return start;
  const { alerts } = await api.call<{ alerts: ShownAlert[] }>("GET", "/v1/alerts?limit=500");
  const found = alerts.filter(({ id }) => id.startsWith(start.toLowerCase()));
  if (found.length === 1) return found[0]!.id;
  throw new CommandFault(
    found.length === 0
      ? `No alert begins with "${start}" among the newest 500: npm run alerts -- list --all --json has whole ids.`
      : `${found.length} alerts begin with "${start}": write more of the id.`,
  );
}

async function show(api: ApiClient, { rest, print }: Asked): Promise<number> {
  print(await api.call<ShownAlert>("GET", `/v1/alerts/${await wholeId(api, rest[0]!)}`), (alert) =>
    [
      titleOf(alert),
      `${alert.id}  ${alert.cause.replaceAll("_", " ")}, opened ${alert.opened_at.slice(0, 10)}` +
        `${alert.resolved_at === null ? "" : `, resolved ${alert.resolved_at.slice(0, 10)}`}` +
        `${alert.owner === "" ? "" : `, account manager ${alert.owner}`}`,
      "",
      alert.reason,
      ...(alert.advice === "" ? [] : ["", `What usually helps: ${alert.advice}`]),
      ...alert.findings.flatMap(sayFinding),
      ...(alert.outcome === null
        ? []
        : ["", `Outcome: ${alert.outcome.outcome} (${alert.outcome.who}). ${alert.outcome.note}`.trimEnd()]),
    ].join("\n"),
  );
  return 0;
}

function sayFinding({
  detector,
  channel,
  crossed_at,
  reason,
  evidence,
  likelihood,
}: ShownAlert["findings"][number]): string[] {
  const { expected, observed, unit, window, unusual, concerns, model, model_version } = evidence;
  const rows: [string, string | undefined][] = [
    ["expected", `${expected} ${unit}`],
    ["seen", `${observed} ${unit}, ${window}`],
    ["unusual", likelihood === null ? unusual : `${unusual}; ${percent(likelihood)} likely to be real`],
    ["concerns", concerns.join(", ")],
    ["by", `${model} version ${model_version}`],
  ];
  return [
    "",
    `${styled("bold", `${detector.replaceAll("_", " ")} (${channel.replaceAll("_", " ")})`)}, since ${crossed_at.slice(0, 10)}`,
    `  ${reason}`,
    facts(rows),
  ];
}

async function outcome(api: ApiClient, { rest, note = "", print }: Asked): Promise<number> {
  const [start, word] = rest as [string, string];
  const path = `/v1/alerts/${await wholeId(api, start)}/outcome`;
  if (word === "none") {
    await api.call("DELETE", path);
    print({ outcome: null }, () => "The outcome is taken back.");
    return 0;
  }
  print(
    await api.call<ShownAlert>("PUT", path, { outcome: word, note }),
    (alert) => `Recorded: ${alert.client_name}, ${alert.detector}: ${word}.`,
  );
  return 0;
}

const percent = (share: number | null): string => (share === null ? "" : `${Math.round(share * 100)} %`);

function sayBudget({ budget, version, detectors: now, precision }: BudgetAnswer): string {
  const line = (one: BudgetNow): string[] => [
    `${one.detector} (${one.channel})`,
    String(one.budget),
    String(one.monitored),
    one.allowed.toFixed(1),
    String(one.alerts),
    `${one.false_alarms} of ${one.judged}`,
    percent(one.spent),
  ];
  const real = (one: Precision): string[] => [
    one.detector,
    one.segment || "all clients",
    String(one.alerts),
    String(one.judged),
    percent(one.precision),
    one.low === null ? "" : `${percent(one.low)} to ${percent(one.high)}`,
  ];
  return [
    version === 0
      ? "Nobody has set a budget: the defaults of the signals service hold."
      : `Budget, version ${version}: ${JSON.stringify(budget.false_alarms)}${budget.segments.map(({ segment, false_alarms }) => `; ${segment}: ${JSON.stringify(false_alarms)}`).join("")}`,
    `An account manager can look after ${budget.alerts_a_manager_week} alerts a week.`,
    "",
    now.length === 0
      ? "The detectors have not looked at anybody yet."
      : table(["detector", "budget", "clients", "allowed a year", "alerts", "false", "spent"], now.map(line)),
    ...now.map((one) => `  ${one.detector} (${one.channel}): ${one.line_reason}`),
    "",
    precision.length === 0
      ? "No alert was sent yet: nothing is known of how often they prove real."
      : table(["detector", "segment", "alerts", "judged", "real", "95 % interval"], precision.map(real)),
  ].join("\n");
}

async function showBudget(api: ApiClient, { print }: Asked): Promise<number> {
  print(await api.call<BudgetAnswer>("GET", "/v1/budget"), sayBudget);
  return 0;
}

async function setBudget(api: ApiClient, { rest, segment, print }: Asked): Promise<number> {
  const [, detector, text] = rest as [string, string, string];
  const { budget, version } = await api.call<BudgetAnswer>("GET", "/v1/budget");
  const wish = { [detector]: Number(text) };
  const changed =
    segment === undefined
      ? { ...budget, false_alarms: { ...budget.false_alarms, ...wish } }
      : {
          ...budget,
          segments: [
            ...budget.segments.filter((one) => one.segment !== segment),
            {
              segment,
              false_alarms: { ...budget.segments.find((one) => one.segment === segment)?.false_alarms, ...wish },
            },
          ],
        };
  print(await api.call<BudgetAnswer>("PUT", "/v1/budget", changed, version), sayBudget);
  return 0;
}

async function setCapacity(api: ApiClient, { rest, print }: Asked): Promise<number> {
  const { budget, version } = await api.call<BudgetAnswer>("GET", "/v1/budget");
  const changed = { ...budget, alerts_a_manager_week: Number(rest[0]) };
  print(await api.call<BudgetAnswer>("PUT", "/v1/budget", changed, version), sayBudget);
  return 0;
}

await runCommand(help, main);
