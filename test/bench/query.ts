import { freePorts } from "@keypulse/infra";
import { createTestWorkspace, type OwnEngines, startService, type TestWorkspace } from "@keypulse/testkit";
import { clientKeyQuery, generateClients, generateEvents } from "./generateHistory.ts";

const samples = 15;
const token = "bench-token-of-20-characters";

interface Measured {
  name: string;
  medianMs: number;
  p95Ms: number;
  /** Against the floor of the same run. */
  ratio: number;
  /** Aim in milliseconds, where there is one. */
  aimMs?: number | undefined;
}

interface Stage {
  events: number;
  clients: number;
  rows: Measured[];
}

export interface QueryReport {
  stages: Stage[];
  text: string;
}

/**
 * What profiles cost to ask: one client's page, lists, the views. The floor is the bare sum over all days by key: what
 * anybody would have to read without anything prepared.
 */
export async function benchQuery(
  engines: OwnEngines,
  { events, clients, say }: { events: number; clients: number; say: (text: string) => void },
): Promise<QueryReport> {
  const workspace = await createTestWorkspace({ engines, settings: { LOG_LEVEL: "warn" } });
  const [port] = await freePorts(1);
  const service = await startService("console", {
    ...workspace.environment,
    KEYPULSE_API_TOKEN: token,
    KEYPULSE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
    CONSOLE_PORT: String(port),
  });
  const stages: Stage[] = [];
  try {
    say(`${clients.toLocaleString("en")} clients …`);
    await generateClients(workspace, clients);
    await generateRates(workspace);
    let stored = 0;
    for (const share of [0.1, 0.5, 1, 2].map((times) => Math.round(events * times))) {
      await generateEvents(workspace, clients, stored, share, say);
      stored = share;
      await untilMerged(workspace);
      stages.push({ events: share, clients, rows: await measureStage(workspace, `http://127.0.0.1:${port}`, clients) });
      say(describeStage(stages.at(-1)!));
    }
  } finally {
    await service.stop();
    await workspace.close();
  }
  return { stages, text: [...stages.map(describeStage), describeGrowth(stages)].join("\n\n") };
}

/** Dollars on every working day, so that what is not in euros is converted. */
async function generateRates({ clickhouse }: TestWorkspace): Promise<void> {
  await clickhouse.command({
    query: `INSERT INTO exchange_rates SELECT today() - number, arrayJoin(['EUR', 'USD', 'GBP']) AS currency,
      if(currency = 'EUR', 1, 1.1), now64(3) FROM numbers(1000) WHERE toDayOfWeek(today() - number) < 6`,
  });
}

/** As a store is some minutes after a large load, not while it is at it. */
async function untilMerged(workspace: TestWorkspace): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const [row] = await workspace.rows<{ n: number }>("SELECT count() AS n FROM system.merges");
    if (row!.n === 0 || Date.now() > deadline) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function measureStage(workspace: TestWorkspace, url: string, clients: number): Promise<Measured[]> {
  const ask = async (query: string) => {
    const result = await workspace.clickhouse.query({ query, format: "JSONEachRow" });
    return await result.text();
  };
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.text();
  };
  const idOf = async (number: number): Promise<string> =>
    (await workspace.rows<{ id: string }>(clientKeyQuery(number)))[0]!.id;
  const [largest, usual] = [await idOf(0), await idOf(Math.round(clients / 20))];
  const listMs = clients > 300_000 ? 2_000 : 300;
  const questions: Question[] = [
    {
      name: "bare sum of all days by key (the floor)",
      work: () =>
        ask("SELECT count() FROM (SELECT client_key, sum(events) AS n FROM activity_daily GROUP BY client_key)"),
    },
    { name: "page of a usual client", work: () => get(`/v1/clients/${usual}`), aimMs: 50 },
    { name: "page of the largest client", work: () => get(`/v1/clients/${largest}`), aimMs: 50 },
    { name: "timeline of a usual client", work: () => get(`/v1/clients/${usual}/timeline`), aimMs: 50 },
    { name: "list by revenue, 50 (API)", work: () => get("/v1/clients?sort=revenue_net"), aimMs: listMs },
    { name: "list by last activity, 50 (API)", work: () => get("/v1/clients?sort=last_activity"), aimMs: listMs },
    { name: "search by a part of a name (API)", work: () => get("/v1/clients?search=person777"), aimMs: listMs },
    {
      name: "clients: 6 columns by revenue (SQL)",
      work: () =>
        ask(
          "SELECT name, orders, revenue_net, last_order, open_alerts, client_id FROM clients ORDER BY revenue_net DESC LIMIT 50",
        ),
    },
    {
      name: "clients: all columns by revenue (SQL)",
      work: () => ask("SELECT * FROM clients ORDER BY revenue_net DESC LIMIT 50"),
    },
  ];
  return await measure(questions);
}

interface Question {
  name: string;
  work: () => Promise<unknown>;
  aimMs?: number;
}

/** In turns, so that a slow moment of the machine is in all of them alike. @param questions the first is the floor */
async function measure(questions: readonly Question[]): Promise<Measured[]> {
  for (const { work } of questions) await work();
  const times: number[][] = questions.map(() => []);
  for (let i = 0; i < samples; i++) {
    for (const [index, { work }] of questions.entries()) {
      const began = performance.now();
      await work();
      times[index]!.push(performance.now() - began);
    }
  }
  const sorted = times.map((list) => list.sort((a, b) => a - b));
  const median = (list: number[]): number => list[Math.floor(samples / 2)]!;
  return questions.map(({ name, aimMs }, index) => ({
    name,
    medianMs: median(sorted[index]!),
    p95Ms: sorted[index]![Math.ceil(samples * 0.95) - 1]!,
    ratio: median(sorted[index]!) / median(sorted[0]!),
    aimMs,
  }));
}

const ms = (value: number): string => value.toFixed(0).padStart(8);

function describeStage({ events, clients, rows }: Stage): string {
  return [
    `${events.toLocaleString("en")} events, ${clients.toLocaleString("en")} clients`,
    `${"".padEnd(42)}${["median", "95 %", "floors", "aim, ms"].map((name) => name.padStart(8)).join("")}`,
    ...rows.map(
      ({ name, medianMs, p95Ms, ratio, aimMs }) =>
        `${name.padEnd(42)}${ms(medianMs)}${ms(p95Ms)}${ratio.toFixed(2).padStart(8)}${aimMs === undefined ? "" : `${ms(aimMs)}${medianMs <= aimMs ? "" : "  missed"}`}`,
    ),
  ].join("\n");
}

function describeGrowth(stages: readonly Stage[]): string {
  const names = stages[0]!.rows.map(({ name }) => name);
  return [
    `medians in ms as events grow${stages
      .map(({ events }) => `${(events / 1e6).toLocaleString("en")} M`.padStart(8))
      .join("")
      .padStart(14 + 8 * stages.length)}`,
    ...names.map((name, row) => `${name.padEnd(42)}${stages.map(({ rows }) => ms(rows[row]!.medianMs)).join("")}`),
  ].join("\n");
}
