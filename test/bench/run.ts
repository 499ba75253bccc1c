import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { ownEngines } from "@keypulse/testkit";
import { benchCollector } from "./collector.ts";
import { benchFit } from "./fit.ts";
import { benchFreshness } from "./freshness.ts";
import { benchIdentity } from "./identity.ts";
import { benchIngest } from "./ingest.ts";
import { benchOrders } from "./orders.ts";
import { benchQuery } from "./query.ts";
import { benchSignals } from "./signals.ts";

const help = `npm run bench -- ingest    [--events 1000000] [--profile] [--json]
npm run bench -- freshness [--rate 500] [--seconds 30] [--json]
npm run bench -- collector [--seconds 10] [--json]
npm run bench -- orders    [--orders 50000] [--json]
npm run bench -- identity  [--identifiers 1000000] [--json]
npm run bench -- query     [--events 10000000] [--clients 100000] [--json]
npm run bench -- signals   [--clients 100000] [--json]
npm run bench -- fit       [--json]

ingest     Kafka → ClickHouse with everything on, against a floor measured in the same run: kafkajs eachBatch →
           JSON.parse → the same rows inserted, nothing else. Events a second, CPU an event, memory, parts.
freshness  Event sent → visible in the view clients; order of a silent client sent → news of it at a webhook.
orders     What settling costs an order: new, paid later, and both in a store of eight times the size.
identity   Links taken in and looked up, memory of Redis and ClickHouse as identifiers grow, the map's cost in queries.
collector  HTTP → Kafka, 64 connections, single events and batches of 100, against the same server that only produces.
query      One client's page, lists and views over a tenth, half, once and twice the events, against the bare sum over
           the same days. How long until an event shows in clients: freshness.
signals    All detectors over all clients with two years of history, ClickHouse's time and TypeScript's apart; one touched
           client; a million deadlines in Redis. Node's heap is held to 700 MB.
fit        Churn models fitted to the same data by Keypulse and by Python's lifetimes: parameters and time. No engines.

  --events N   ingest: events of about 450 bytes, 5,000 clients, 4 topics, 5 % sent twice
  --orders N   orders: settled in each stage
  --clients N  query, signals: how many there are
  --profile    where the worker's CPU goes, by function
  --identifiers N  how many there are at the end
  --rate N     events a second that flow meanwhile
  --seconds N  how long
  --json       the report as JSON on standard output
  --help       this text

Brings up native engines of its own and removes what they stored. Not part of npm test: compare ratios, not seconds.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string" },
    clients: { type: "string", default: "100000" },
    orders: { type: "string" },
    identifiers: { type: "string", default: "1000000" },
    rate: { type: "string", default: "500" },
    seconds: { type: "string" },
    profile: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});

const benches = {
  ingest: () => ingest(whole("events", 1_000_000)),
  freshness: () => freshness(whole("rate"), whole("seconds", 30)),
  collector: () => collector(whole("seconds", 10)),
  orders: () => orders(whole("orders", 50_000)),
  query: () => query(whole("events", 10_000_000), whole("clients")),
  identity: () => identity(whole("identifiers")),
  signals: async () => {
    if (!withHeapOf(700)) return;
    await withEngines(async (engines, say) => {
      const report = await benchSignals(engines, { clients: whole("clients"), say });
      console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
    });
  },
  fit: async () => {
    const report = await benchFit();
    console.log(values.json ? JSON.stringify(report.lines, null, 2) : report.text);
  },
};
const bench = benches[positionals[0] as keyof typeof benches];
if (values.help || bench === undefined) {
  console.log(help);
  process.exitCode = values.help ? 0 : 2;
} else await bench();

async function ingest(events: number): Promise<void> {
  await withEngines(async (engines, say) => {
    const report = await benchIngest(engines, { events, profile: values.profile, say });
    console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
  });
}

async function freshness(rate: number, seconds: number): Promise<void> {
  await withEngines(async (engines, say) => {
    const report = await benchFreshness(engines, { rate, seconds, say });
    console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
  });
}

async function orders(count: number): Promise<void> {
  await withEngines(async (engines, say) => {
    const report = await benchOrders(engines, { orders: count, say });
    console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
  });
}

async function collector(seconds: number): Promise<void> {
  await withEngines(async (engines, say) => {
    const report = await benchCollector(engines, { seconds, say });
    console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
  });
}

async function identity(identifiers: number): Promise<void> {
  await withEngines(async (engines, say) => {
    const report = await benchIdentity(engines, { identifiers, say });
    console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
  });
}

/**
 * With plenty of memory V8 leaves garbage lying, and the process's size says little: the heap is held to what is said, and
 * the time is that with this limit.
 */
function withHeapOf(megabytes: number): boolean {
  const flag = `--max-old-space-size=${megabytes}`;
  if (process.execArgv.includes(flag)) return true;
  const { status } = spawnSync(process.execPath, [flag, import.meta.filename, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
  return false;
}

async function query(events: number, clients: number): Promise<void> {
  await withEngines(async (engines, say) => {
    const report = await benchQuery(engines, { events, clients, say });
    console.log(values.json ? JSON.stringify(report, null, 2) : report.text);
  });
}

async function withEngines(
  work: (engines: Awaited<ReturnType<typeof ownEngines>>, say: (text: string) => void) => Promise<void>,
): Promise<void> {
  const say = (text: string) => console.error(text);
  say("starting engines …");
  const engines = await ownEngines();
  try {
    await work(engines, say);
  } finally {
    await engines.stop();
  }
}

function whole(name: "events" | "orders" | "clients" | "rate" | "seconds" | "identifiers", usual?: number): number {
  const value = Number(values[name] ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0`);
  return value;
}
