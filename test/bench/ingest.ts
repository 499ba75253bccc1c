import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serviceNodeOptions } from "@keypulse/infra";
import {
  createTestWorkspace,
  generateStream,
  type OwnEngines,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { cpuSeconds, peakMegabytes, residentMegabytes } from "./processStats.ts";

const clients = 5_000;
const eventsASend = 5_000;

interface Phase {
  eventsASecond: number;
  seconds: number;
  /** CPU microseconds an event, by process. */
  cpuMicros: Record<string, number>;
  peakMegabytes: number;
  /** Resident memory of the worker at each fifth of the way. */
  megabytes: number[];
  inserts: number;
  /** Blocks written to any table: parts before merges. */
  parts: number;
}

export interface IngestReport {
  messages: number;
  bytesAnEvent: number;
  floor: Phase;
  keypulse: Phase;
  ratio: number;
  /** Seconds that ranges spent in a step; steps of several partitions overlap. */
  stepSeconds: Record<string, number>;
  profile: string[];
  text: string;
}

/** Events a second of the worker as shipped against the floor, on the same data in the same run. */
export async function benchIngest(
  engines: OwnEngines,
  { events, profile, say }: { events: number; profile: boolean; say: (text: string) => void },
): Promise<IngestReport> {
  // INGEST_… of the environment reach floor and worker alike, to try other sizes.
  const tried = Object.entries(process.env).filter(([name]) => name.startsWith("INGEST_")) as [string, string][];
  const workspace = await createTestWorkspace({
    engines,
    settings: { LOG_LEVEL: "warn", ...Object.fromEntries(tried) },
  });
  await workspace.clickhouse.command({ query: "CREATE TABLE events_floor AS events" });
  const { messages, bytes } = await produce(workspace, events, say);

  say("the floor …");
  const floorProcess = spawn(process.execPath, [new URL("floor.ts", import.meta.url).pathname], {
    env: {
      ...process.env,
      ...workspace.environment,
      INGEST_GROUP: `${workspace.world.topicPrefix}floor`,
      NODE_OPTIONS: serviceNodeOptions[0],
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const floor = await measure(workspace, engines, floorProcess.pid!, messages, ["events_floor"], say);
  await stopProcess(floorProcess);
  await workspace.clickhouse.command({ query: "DROP TABLE events_floor SYNC" });

  say("Keypulse …");
  const profiles = mkdtempSync(join(tmpdir(), "keypulse-profile-"));
  const profiling = profile ? ["--cpu-prof", `--cpu-prof-dir=${profiles}`] : [];
  const worker = await startService(
    "ingest",
    { ...workspace.environment, NODE_OPTIONS: [...serviceNodeOptions, ...profiling].join(" ") },
    { waitUntilReady: false },
  );
  const keypulse = await measure(
    workspace,
    engines,
    worker.pid,
    messages,
    ["events", "duplicate_events", "rejected_events"],
    say,
    // Revenue is known when orders are settled: that is part of the work.
    async () => {
      const [row] = await workspace.rows<{ left: number }>(
        "SELECT toInt32(uniqExact(source, order_id)) - (SELECT toInt32(uniqExact(source, order_id)) FROM order_documents) AS left FROM order_messages",
      );
      return row!.left === 0;
    },
  );
  const stepSeconds = await steps(worker.url);
  keypulse.inserts = await worker.metric("keypulse_ingest_batch_events_count");
  await worker.stop();
  const [stored] = await workspace.rows<{ n: number; rejected: number }>(
    "SELECT (SELECT count() FROM events) AS n, (SELECT count() FROM rejected_events) AS rejected",
  );
  if (stored!.n !== events || stored!.rejected !== 0)
    throw new Error(`stored ${JSON.stringify(stored)}, sent ${events}`);
  const report = {
    messages,
    bytesAnEvent: Math.round(bytes / messages),
    floor,
    keypulse,
    ratio: keypulse.eventsASecond / floor.eventsASecond,
    stepSeconds,
    profile: profile ? topFunctions(profiles) : [],
  };
  rmSync(profiles, { recursive: true, force: true });
  await workspace.close();
  return { ...report, text: describe(report) };
}

async function produce(workspace: TestWorkspace, events: number, say: (text: string) => void) {
  let messages = 0;
  let bytes = 0;
  let waiting = new Map<string, { key: string; value: string }[]>();
  const flush = async () => {
    await workspace.producer.sendBatch({
      topicMessages: [...waiting].map(([topic, list]) => ({ topic, messages: list })),
    });
    waiting = new Map();
  };
  const stream = generateStream({ seed: 1, events, clients, duplicates: 0.05, startMs: Date.now() - events });
  for (const { kind, key, event } of stream) {
    const value = JSON.stringify(event);
    const topic = workspace.topics.events[kind];
    const list = waiting.get(topic) ?? [];
    waiting.set(topic, list);
    list.push({ key, value });
    messages += 1;
    bytes += value.length;
    if (messages % eventsASend === 0) await flush();
    if (messages % 250_000 === 0) say(`${messages.toLocaleString("en")} messages produced`);
  }
  await flush();
  return { messages, bytes };
}

async function measure(
  workspace: TestWorkspace,
  engines: OwnEngines,
  pid: number,
  messages: number,
  tables: string[],
  say: (text: string) => void,
  isDone: () => Promise<boolean> = async () => true,
): Promise<Phase> {
  const processes = Object.entries({
    worker: pid,
    clickhouse: engines.native.clickhouse!.pid!,
    redis: engines.native.redis!.pid!,
    kafka: engines.native.kafka!.pid!,
  });
  const read = async () => {
    const sums = tables.map((table) => `(SELECT count() FROM ${table})`).join(" + ");
    const [row] = await workspace.rows<{ n: number; inserts: number; parts: number }>(
      `SELECT ${sums} AS n, (SELECT sum(value) FROM system.events WHERE event = 'InsertQuery') AS inserts,
        (SELECT sum(value) FROM system.events WHERE event = 'MergeTreeDataWriterBlocks') AS parts`,
    );
    return { ...row!, atMs: performance.now(), cpu: processes.map(([, id]) => cpuSeconds(id)) };
  };
  let first = await read();
  const deadline = Date.now() + 60_000;
  while (first.n === 0) {
    if (Date.now() > deadline) throw new Error("nothing was stored within a minute");
    await sleep(50);
    first = await read();
  }
  const megabytes: number[] = [];
  let last = first;
  while (last.n < messages) {
    await sleep(200);
    last = await read();
    if (last.n >= (messages * (megabytes.length + 1)) / 5) {
      megabytes.push(residentMegabytes(pid));
      say(`${last.n.toLocaleString("en")} stored, ${megabytes.at(-1)} MB`);
    }
  }
  while (!(await isDone())) await sleep(200);
  last = await read();
  const counted = last.n - first.n;
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    eventsASecond: Math.round(counted / seconds),
    seconds: Number(seconds.toFixed(1)),
    cpuMicros: Object.fromEntries(
      processes.map(([name], i) => [name, Number((((last.cpu[i]! - first.cpu[i]!) * 1e6) / counted).toFixed(1))]),
    ),
    peakMegabytes: peakMegabytes(pid),
    megabytes,
    inserts: last.inserts - first.inserts,
    parts: last.parts - first.parts,
  };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

async function steps(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.matchAll(/^keypulse_ingest_step_seconds_total\{step="([^"]+)".*\} (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, step, value]) => [step!, Number(Number(value).toFixed(1))]));
}

/** Functions by their own share of CPU samples. */
function topFunctions(folder: string): string[] {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) return [];
  interface Node {
    id: number;
    hitCount: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }
  const { nodes } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { nodes: Node[] };
  const own = new Map<string, number>();
  for (const { hitCount, callFrame } of nodes) {
    const place = callFrame.url.replace(/^.*\/(?:node_modules|packages|services)\//, "");
    const name = `${callFrame.functionName || "(anonymous)"} ${place}:${callFrame.lineNumber + 1}`;
    own.set(name, (own.get(name) ?? 0) + hitCount);
  }
  const total = [...own.values()].reduce((sum, hits) => sum + hits, 0);
  return [...own]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 30)
    .map(([name, hits]) => `${((100 * hits) / total).toFixed(1).padStart(5)} %  ${name}`);
}

function describe(report: Omit<IngestReport, "text">): string {
  const { floor, keypulse } = report;
  const row = (name: string, of: (phase: Phase) => string | number) =>
    `${name.padEnd(28)}${String(of(floor)).padStart(14)}${String(of(keypulse)).padStart(14)}`;
  const cpu = (name: string) => row(`CPU µs an event, ${name}`, (phase) => phase.cpuMicros[name]!);
  const total = (phase: Phase) =>
    Object.values(phase.cpuMicros)
      .reduce((sum, value) => sum + value, 0)
      .toFixed(1);
  const byStep = Object.entries(report.stepSeconds).map(([step, seconds]) => `${step} ${seconds} s`);
  return [
    `${report.messages.toLocaleString("en")} messages of ${report.bytesAnEvent} bytes, ${clients.toLocaleString("en")} clients, 4 topics, 5 % sent twice`,
    "",
    `${"".padEnd(28)}${"floor".padStart(14)}${"Keypulse".padStart(14)}`,
    row("events a second", (phase) => phase.eventsASecond.toLocaleString("en")),
    cpu("worker"),
    cpu("clickhouse"),
    cpu("redis"),
    cpu("kafka"),
    row("CPU µs an event, all", total),
    row("worker's peak memory, MB", (phase) => phase.peakMegabytes),
    row("inserts", (phase) => phase.inserts),
    row("parts written", (phase) => phase.parts),
    "",
    `ratio to the floor: ${report.ratio.toFixed(2)} (aim 0.60)`,
    `worker's memory at each fifth, MB: ${keypulse.megabytes.join(", ")}`,
    `time of ranges by step (waits of partitions overlap): ${byStep.join(", ")}`,
    ...(report.profile.length > 0 ? ["", "own CPU by function:", ...report.profile] : []),
  ].join("\n");
}
