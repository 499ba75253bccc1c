import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts, serviceNodeOptions } from "@keypulse/infra";
import { newWriteKey, SettingsTable, sourceSchema, storeSecret } from "@keypulse/sources";
import { createTestWorkspace, eventually, type OwnEngines, startService } from "@keypulse/testkit";
import autocannon from "autocannon";
import { pacedLoad } from "./pacedLoad.ts";
import { cpuSeconds, peakMegabytes } from "./processStats.ts";

const connections = 64;
const eventsABatch = 100;
const loads = { single: 1, batch: eventsABatch } as const;
type Load = keyof typeof loads;

interface Measured {
  requestsASecond: number;
  eventsASecond: number;
  medianMs: number;
  p99Ms: number;
  /** CPU microseconds of the server an event. */
  cpuMicros: number;
  failed: number;
}

export interface CollectorReport {
  floor: Record<Load, Measured>;
  collector: Record<Load, Measured>;
  /** The collector at half of the requests a second that it can take. */
  half: Record<Load, Measured>;
  ratio: Record<Load, number>;
  peakMegabytes: { floor: number; collector: number };
  text: string;
}

/** Requests and events a second with durable acknowledgements, against the same server that only produces. */
export async function benchCollector(
  engines: OwnEngines,
  { seconds, say }: { seconds: number; say: (text: string) => void },
): Promise<CollectorReport> {
  const workspace = await createTestWorkspace({ engines, settings: { LOG_LEVEL: "warn" } });
  const key = newWriteKey();
  const now = new Date().toISOString();
  const source = sourceSchema.parse({
    id: "bench",
    name: "Bench",
    connector: "segment",
    secrets: [storeSecret(key, "bench", Date.now())],
    requests_a_second: 100_000,
    created_at: now,
    updated_at: now,
  });
  await new SettingsTable(workspace.clickhouse, "source").append("bench", 1, source, "bench");
  const [floorPort, port] = await freePorts(2);
  const environment = {
    ...workspace.environment,
    KEYPULSE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
    COLLECTOR_REQUESTS_AN_ADDRESS: "100000",
  };

  const floorProcess = spawn(process.execPath, [new URL("collectorFloor.ts", import.meta.url).pathname], {
    env: {
      ...process.env,
      ...environment,
      COLLECTOR_PORT: String(floorPort),
      FLOOR_TOPIC: workspace.topics.events.call,
      NODE_OPTIONS: serviceNodeOptions.join(" "),
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  await eventually(
    async () =>
      fetch(`http://127.0.0.1:${floorPort}/`).then(
        () => true,
        () => false,
      ),
    (up) => up,
  );
  await sleep(1_000);
  say("the floor …");
  const floor = await measureBoth(floorPort!, floorProcess.pid!, key, seconds);
  const floorMegabytes = peakMegabytes(floorProcess.pid!);
  await stopProcess(floorProcess);

  say("the collector …");
  const service = await startService("collector", { ...environment, COLLECTOR_PORT: String(port) });
  const collector = await measureBoth(port!, service.pid, key, seconds);
  say("the collector at half load …");
  const half = await measureBoth(port!, service.pid, key, seconds, {
    single: collector.single.requestsASecond / 2,
    batch: collector.batch.requestsASecond / 2,
  });
  const peak = { floor: floorMegabytes, collector: peakMegabytes(service.pid) };
  await service.stop();
  await workspace.close();
  const ratio = {
    single: collector.single.requestsASecond / floor.single.requestsASecond,
    batch: collector.batch.requestsASecond / floor.batch.requestsASecond,
  };
  const report = { floor, collector, half, ratio, peakMegabytes: peak };
  return { ...report, text: describe(report) };
}

async function measureBoth(port: number, pid: number, key: string, seconds: number, rates?: Record<Load, number>) {
  // Warm, so that nobody is measured while code is still being compiled.
  await run("batch", port, pid, key, 3);
  return {
    single: await run("single", port, pid, key, seconds, rates?.single),
    batch: await run("batch", port, pid, key, seconds, rates?.batch),
  };
}

async function run(
  load: Load,
  port: number,
  pid: number,
  key: string,
  seconds: number,
  rate?: number,
): Promise<Measured> {
  const events = loads[load];
  let next = 0;
  const body = () => {
    const id = next++;
    return events === 1
      ? JSON.stringify(message(id, 0))
      : JSON.stringify({ batch: Array.from({ length: events }, (_, i) => message(id, i)) });
  };
  const cpuBefore = cpuSeconds(pid);
  const headers = {
    "content-type": "application/json",
    authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}`,
  };
  const path = events === 1 ? "/v1/track" : "/v1/batch";
  const cpuMicros = (answered: number) =>
    Number((((cpuSeconds(pid) - cpuBefore) * 1e6) / (answered * events)).toFixed(1));
  if (rate !== undefined) {
    const paced = await pacedLoad({
      url: `http://127.0.0.1:${port}${path}`,
      headers,
      body,
      connections,
      seconds,
      rate,
    });
    const { answered, failed, medianMs, p99Ms } = paced;
    const requestsASecond = Math.round(rate);
    return {
      requestsASecond,
      eventsASecond: requestsASecond * events,
      medianMs,
      p99Ms,
      cpuMicros: cpuMicros(answered),
      failed,
    };
  }
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: seconds,
    requests: [
      {
        method: "POST",
        path,
        headers,
        setupRequest: (request) => ({ ...request, body: body() }),
      },
    ],
  });
  const answered = result["2xx"];
  return {
    requestsASecond: Math.round(answered / result.duration),
    eventsASecond: Math.round((answered * events) / result.duration),
    medianMs: result.latency.p50,
    p99Ms: result.latency.p99,
    cpuMicros: cpuMicros(answered),
    failed: result.non2xx + result.errors,
  };
}

/** A product view of about 450 bytes, as analytics libraries send it. */
function message(request: number, place: number) {
  return {
    type: "track",
    event: "Product Viewed",
    messageId: `node-next-${request}-${place}-3f0b7a9c`,
    userId: `u-${(request * 7 + place) % 5_000}`,
    timestamp: new Date().toISOString(),
    properties: {
      product_id: `SKU-${place}`,
      sku: `SKU-${place}`,
      name: "Hanging heart light holder",
      price: 2.95,
      currency: "EUR",
      url: `https://shop.example/product-${place}`,
    },
    context: { library: { name: "@segment/analytics-node", version: "3.1.0" }, groupId: `c-${request % 1_000}` },
  };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

function describe({ floor, collector, half, ratio, peakMegabytes: peak }: Omit<CollectorReport, "text">): string {
  const row = (name: string, { requestsASecond, eventsASecond, medianMs, p99Ms, cpuMicros, failed }: Measured) =>
    [
      name.padEnd(34),
      requestsASecond.toLocaleString("en").padStart(10),
      eventsASecond.toLocaleString("en").padStart(10),
      `${medianMs} ms`.padStart(9),
      `${p99Ms} ms`.padStart(9),
      String(cpuMicros).padStart(9),
      String(failed).padStart(7),
    ].join("");
  return [
    `${connections} connections, each request acknowledged by Kafka before it is answered`,
    "",
    `${"".padEnd(34)}${"requests/s".padStart(10)}${"events/s".padStart(10)}${"median".padStart(9)}${"p99".padStart(9)}${"CPU µs".padStart(9)}${"failed".padStart(7)}`,
    ...(Object.keys(loads) as Load[]).flatMap((load) => {
      const name = load === "single" ? "single events" : `batches of ${eventsABatch}`;
      return [
        row(`${name}, floor`, floor[load]),
        row(`${name}, collector`, collector[load]),
        row(`${name}, collector at half load`, half[load]),
      ];
    }),
    "",
    `ratio to the floor: single ${ratio.single.toFixed(2)}, batches ${ratio.batch.toFixed(2)} (aim 0.70)`,
    `99th percentile at half load (aim below 60 ms): single ${half.single.p99Ms} ms, batches ${half.batch.p99Ms} ms`,
    `peak memory: collector ${peak.collector} MB (aim below 300), floor ${peak.floor} MB`,
  ].join("\n");
}
