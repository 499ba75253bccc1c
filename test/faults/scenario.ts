import { rmSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createTestWorkspace,
  eventually,
  generateStream,
  type OwnEngines,
  type StreamEvent,
  seededRandom,
  type TestWorkspace,
} from "@keypulse/testkit";
import { endOffsets, findFaults, type Totals } from "./findFaults.ts";
import { type OrderTruth, simulateShops } from "./shops.ts";
import { SupervisedWorker } from "./workers.ts";

export interface FaultScenario {
  /** Decides the events, their order and the schedule of faults. */
  seed: number;
  events: number;
  /** Share of events sent twice, half of them under another Kafka key, so to another partition. */
  duplicates: number;
  /** SIGKILLs of ingest workers. */
  kills: number;
  clients: number;
  /** How long ClickHouse stays away after its SIGKILL; undefined leaves it alone, as with the others. */
  clickhouseAwayMs?: number;
  redisRestarts?: boolean;
  /** How often Redis is emptied, at a moment of a range's life that the seed chooses, half of the times twice in a row. */
  redisIsEmptied?: number;
  kafkaRestarts?: boolean;
  /** Of the services, where they differ. */
  settings?: Readonly<Record<string, string>>;
  onStep?: (text: string) => void;
}

export interface FaultReport extends Totals {
  seed: number;
  kills: number;
  /** Workers that ended by themselves and were started again. */
  ownEnds: number;
  /** Ranges that a worker found pending and stored again. */
  rangesAgain: number;
  /** How often a worker filled Redis again. */
  rebuilds: number;
  seconds: number;
}

/** Thrown with everything that is needed to repeat and to look into a failed run. */
export class InexactError extends Error {
  override name = "InexactError";
}

/** Moments at which Redis is emptied, by what it was just told. */
const moments = {
  "at any time": undefined,
  "after a claim": "-- Claims event ids",
  "after links": "-- The graph of identities",
  "after a seal": "-- seal a range",
  "after the look before an insert": "-- does the claim hold",
  "while a range is stored again": "-- does the decision stand",
  "at the begin of a filling": "-- begin to fill",
  "while it is filled": "-- keep filling",
  "at the end of a filling": "-- end of filling",
} as const;
type Moment = keyof typeof moments;
const ofRanges = (Object.keys(moments) as Moment[]).slice(0, 5);
const allMoments = Object.keys(moments) as Moment[];
/** A moment that does not come is not waited for any longer. */
const momentWithinMs = 5_000;

/** Orders of simulated shops, as a share of the other events: each comes with some three messages. */
const ordersOfShops = 0.02;

type Engine = "clickhouse" | "redis" | "kafka";

interface Round {
  /** Workers killed, each after a delay of its own. */
  kills: { worker: number; delayMs: number }[];
  engine?: { name: Engine; emptyAt: Moment[]; delayMs: number; awayMs: number };
  /** Share of the round's events that is stored before the first fault. */
  afterShare: number;
}

/**
 * Events flow while two workers and the engines are killed; afterwards every sum must be exact.
 * Each round sends a part of the events, waits until some of it is stored, and kills in the middle of the rest: so
 * kills fall on work, at any of its stages, and not on idle workers.
 */
export async function runFaults(engines: OwnEngines, scenario: FaultScenario): Promise<FaultReport> {
  const began = performance.now();
  const say = scenario.onStep ?? (() => {});
  const random = seededRandom(scenario.seed);
  const rounds = planRounds(scenario, random);
  const { stream, truths } = makeStream(scenario, random);
  const workspace = await createTestWorkspace({
    engines,
    // Small ranges, so that there are many moments at which to die.
    settings: {
      TOPIC_PARTITIONS: "4",
      INGEST_BATCH_EVENTS: "300",
      INGEST_MIN_BYTES: "32768",
      INGEST_MAX_WAIT_MS: "100",
      ...scenario.settings,
    },
  });
  const { environment } = workspace;
  const workers = await Promise.all([SupervisedWorker.start(environment), SupervisedWorker.start(environment)]);
  const failed = (faults: string[]) =>
    new InexactError(
      [
        `Not exact with seed ${scenario.seed}:`,
        ...faults.map((fault) => `  ${fault}`),
        "Logs of the workers:",
        ...workers.flatMap((worker) => worker.logs.map((log) => `  ${log}`)),
      ].join("\n"),
    );
  try {
    const slice = Math.ceil(stream.length / (rounds.length + 1));
    for (const [index, round] of rounds.entries()) {
      const before = await storedRows(workspace);
      const sending = send(workspace, stream.slice(index * slice, (index + 1) * slice));
      await untilStored(workspace, before + round.afterShare * slice);
      say(describeRound(index, rounds.length, round));
      await Promise.all([
        sending,
        round.engine && breakEngine(engines, workspace, round.engine),
        ...round.kills.map(({ worker, delayMs }) => sleep(delayMs).then(() => workers[worker]!.killAndRestart())),
      ]);
    }
    await send(workspace, stream.slice(rounds.length * slice));
    say("all is sent; waiting until it is stored");
    await untilAllCommitted(workspace)
      .then(() => untilMended(workspace))
      .then(() => workspace.untilIngested())
      .catch((error: Error) => {
        throw failed([error.message]);
      });
    for (const worker of workers) {
      const code = await worker.stop();
      if (code !== 0) throw failed([`a worker ended with ${code} when it was asked to stop`]);
    }
    const { totals, faults } = await findFaults(workspace, stream, truths);
    if (faults.length > 0) throw failed(faults);
    const logged = (message: string) => workers.reduce((sum, worker) => sum + worker.count(message), 0);
    const report = {
      ...totals,
      seed: scenario.seed,
      kills: scenario.kills,
      ownEnds: workers.reduce((sum, worker) => sum + worker.ownEnds, 0),
      rangesAgain: logged("storing a pending range again"),
      rebuilds: logged("Redis does not know what is stored: filling it from ClickHouse"),
      seconds: Math.round((performance.now() - began) / 100) / 10,
    };
    for (const log of workers.flatMap((worker) => worker.logs)) rmSync(log, { force: true });
    return report;
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await workspace.close();
  }
}

function planRounds(scenario: FaultScenario, random: () => number): Round[] {
  const rounds: Round[] = [];
  for (let left = scenario.kills; left > 0; ) {
    const first = random() < 0.5 ? 0 : 1;
    const both = left > 1 && random() < 0.6;
    const victims = both ? [first, 1 - first] : [first];
    rounds.push({
      // The second dies while the first one's end is being dealt with, or a little later.
      kills: victims.map((worker, place) => ({ worker, delayMs: Math.floor(random() * (place === 0 ? 150 : 2_500)) })),
      afterShare: 0.05 + random() * 0.8,
    });
    left -= victims.length;
  }
  const engines: Round["engine"][] = [];
  const delayMs = () => Math.floor(random() * 300);
  if (scenario.clickhouseAwayMs !== undefined) {
    engines.push({ name: "clickhouse", emptyAt: [], delayMs: delayMs(), awayMs: scenario.clickhouseAwayMs });
  }
  if (scenario.redisRestarts) engines.push({ name: "redis", emptyAt: [], delayMs: delayMs(), awayMs: 500 });
  for (let times = scenario.redisIsEmptied ?? 0; times > 0; times--) {
    const one = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
    const emptyAt = random() < 0.5 ? [one(ofRanges)] : [one(ofRanges), one(allMoments)];
    engines.push({ name: "redis", emptyAt, delayMs: delayMs(), awayMs: 0 });
  }
  if (scenario.kafkaRestarts) engines.push({ name: "kafka", emptyAt: [], delayMs: delayMs(), awayMs: 500 });
  while (rounds.length < engines.length) rounds.push({ kills: [], afterShare: 0.05 + random() * 0.8 });
  for (const [index, engine] of engines.entries()) {
    const round = rounds[Math.floor(((index + 0.5) / engines.length) * rounds.length)];
    if (round !== undefined && engine !== undefined) round.engine = engine;
  }
  return rounds;
}

function makeStream(scenario: FaultScenario, random: () => number): { stream: StreamEvent[]; truths: OrderTruth[] } {
  // Spread over weeks, so that sums by day and hour have many rows.
  const spanMs = 20 * 86_400_000;
  const stepMs = Math.floor(spanMs / scenario.events);
  const settings = { ...scenario, stepMs, startMs: Date.now() - (scenario.events + 1) * stepMs };
  const plain = [...generateStream(settings)].map((made) =>
    made.duplicate && random() < 0.5 ? { ...made, key: `${made.key}-again` } : made,
  );
  const orders = Math.ceil(scenario.events * ordersOfShops);
  // Their stories go on for some days.
  const startMs = settings.startMs - 15 * 86_400_000;
  const shops = simulateShops({ orders, clients: scenario.clients, startMs, spanMs, random });
  return { stream: mixed(plain, shops.messages, random), truths: shops.truths };
}

/** Both lists as one, each in its order. */
function mixed<T>(one: readonly T[], other: readonly T[], random: () => number): T[] {
  const all: T[] = [];
  for (let i = 0, j = 0; i < one.length || j < other.length; ) {
    const takesOne = random() * (one.length - i + other.length - j) < one.length - i;
    all.push(takesOne ? one[i++]! : other[j++]!);
  }
  return all;
}

/** Hands messages to Kafka a few at a time, as senders do, so that ranges differ in size. */
async function send(workspace: TestWorkspace, stream: readonly StreamEvent[]): Promise<void> {
  const messagesAStep = 150;
  for (let start = 0; start < stream.length; start += messagesAStep) {
    const byTopic = Map.groupBy(
      stream.slice(start, start + messagesAStep),
      ({ kind }) => workspace.topics.events[kind],
    );
    await workspace.producer.sendBatch({
      topicMessages: [...byTopic].map(([topic, list]) => ({
        topic,
        messages: list.map(({ key, event }) => ({ key, value: JSON.stringify(event) })),
      })),
    });
    await sleep(10);
  }
}

async function breakEngine(engines: OwnEngines, workspace: TestWorkspace, fault: NonNullable<Round["engine"]>) {
  await sleep(fault.delayMs);
  if (fault.emptyAt.length > 0) {
    for (const moment of fault.emptyAt) await emptyAt(workspace, moments[moment]);
    return;
  }
  const engine = engines.native[fault.name]!;
  await engine.kill();
  await sleep(fault.awayMs);
  await engine.start();
}

/** Empties Redis right after it was told something that starts with `comment`; before what comes of it. */
async function emptyAt(workspace: TestWorkspace, comment: string | undefined): Promise<void> {
  const { redis } = workspace;
  if (comment === undefined) {
    await redis.flushall();
    return;
  }
  // Not through ioredis, whose monitor takes what comes in the first moment for answers.
  const { hostname, port } = new URL(workspace.environment.REDIS_URL!);
  const monitor = connect(Number(port), hostname);
  try {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, momentWithinMs);
      let tail = "";
      monitor.on("error", () => resolve());
      monitor.on("data", (bytes: Buffer) => {
        tail += bytes.toString("latin1");
        if (tail.includes(comment)) resolve();
        tail = tail.slice(-comment.length);
      });
      monitor.write("MONITOR\r\n");
    });
    await redis.flushall();
  } finally {
    monitor.destroy();
  }
}

/** Messages with a place in the warehouse. While ClickHouse is away nothing is said to be stored. */
async function storedRows(workspace: TestWorkspace): Promise<number> {
  const [row] = await workspace.rows<{ n: number }>(
    `SELECT toUInt32((SELECT count() FROM events) + (SELECT count() FROM duplicate_events)
      + (SELECT count() FROM rejected_events)) AS n`,
  );
  return row!.n;
}

async function untilStored(workspace: TestWorkspace, rows: number): Promise<void> {
  await eventually(
    () => storedRows(workspace),
    (stored) => stored >= rows,
    300_000,
    10,
  );
}

/** Waits until the group has committed the end of every partition and names no pending range. */
async function untilAllCommitted(workspace: TestWorkspace): Promise<void> {
  const ends = await endOffsets(workspace);
  const admin = workspace.kafka.admin();
  await admin.connect();
  try {
    await eventually(
      async () => {
        const topics = Object.values(workspace.topics.events);
        const offsets = await admin.fetchOffsets({ groupId: workspace.environment.INGEST_GROUP!, topics });
        return offsets.flatMap(({ topic, partitions }) =>
          partitions
            .filter(
              ({ partition, offset, metadata }) => Number(offset) < ends.get(`${topic}:${partition}`)! || metadata,
            )
            .map(({ partition, offset, metadata }) => `${topic}:${partition} at ${offset} ${metadata ?? ""}`),
        );
      },
      (behind) => behind.length === 0,
      600_000,
      200,
    );
  } finally {
    await admin.disconnect();
  }
}

/**
 * Waits until what ClickHouse lost in a crash was looked for and added, and what a killed worker still owed the map of
 * identities was stored by another, which is after half a minute.
 */
async function untilMended(workspace: TestWorkspace): Promise<void> {
  const prefix = workspace.environment.REDIS_PREFIX;
  await eventually(
    () => workspace.redis.exists(`${prefix}to-mend`, `${prefix}{identity}:owed`),
    (left) => left === 0,
    300_000,
    200,
  );
}

function describeRound(index: number, rounds: number, round: Round): string {
  const kills = round.kills.map(({ worker, delayMs }) => `worker ${worker + 1} after ${delayMs} ms`);
  const { engine } = round;
  const verb = engine?.emptyAt.length
    ? `emptied ${engine.emptyAt.join(" and ")}`
    : `killed for ${(engine?.awayMs ?? 0) / 1000} s`;
  return `round ${index + 1} of ${rounds}: killing ${[...kills, ...(engine ? [`${engine.name} ${verb}`] : [])].join(", ")}`;
}
