import { setTimeout as sleep } from "node:timers/promises";
import { topicNames } from "@keypulse/contracts";
import { type ClickHouse, connectKafka, connectProducer, silentLogger } from "@keypulse/engines";
import type { DemoSource } from "../demo/event.ts";
import { dateHistory, type History, type HistoryDays } from "../demo/history.ts";
import { sendMessages } from "../demo/load.ts";
import type { StartStep } from "../engines/steps.ts";
import type { Connections } from "./connections.ts";
import type { Interrupts } from "./interrupts.ts";
import { Interrupted, StartError } from "./startError.ts";

export interface LoadReport {
  readonly events: number;
  readonly sources: Readonly<Partial<Record<DemoSource, number>>>;
  /** From the first message sent to the last one taken by Kafka. */
  readonly sendSeconds: number;
  /** From the first message sent to the last one stored. */
  readonly storeSeconds: number;
  readonly eventsPerSecond: number;
}

export interface LoadOptions {
  readonly connections: Connections;
  readonly clickhouse: ClickHouse;
  readonly history: History;
  readonly days: HistoryDays;
  readonly startStep: StartStep;
  readonly interrupts: Interrupts;
}

const pollMs = 300;
const longestStandstillMs = 60_000;

/** Sends the history through Kafka and waits until all of it is stored. */
export async function loadDemonstration(options: LoadOptions): Promise<LoadReport> {
  const { connections, clickhouse, history, days, interrupts, startStep } = options;
  const { messages } = history;
  const before = await countStored(clickhouse);
  const kafka = connectKafka(connections, "keypulse-demo", silentLogger);
  const producer = await connectProducer(kafka);
  const sending = startStep("Send it through Kafka");
  const storing = startStep("Store it");
  const firstSent = performance.now();
  const share = (done: number): [string, number] => [
    `${done.toLocaleString("en-GB")} of ${messages.length.toLocaleString("en-GB")}`,
    Math.min(1, done / messages.length),
  ];
  let ended = false;
  try {
    const [sendSeconds] = await Promise.all([
      sendMessages({
        messages: dateHistory(history, days),
        producer,
        topics: topicNames(connections.TOPIC_PREFIX),
        signal: interrupts.signal,
        onProgress: (sent) => sending.progress(...share(sent)),
      }).then(() => {
        interrupts.check();
        sending.done();
        return secondsSince(firstSent);
      }),
      untilStored(
        clickhouse,
        before + messages.length,
        () => {
          if (ended) throw new Interrupted("sending failed");
          interrupts.check();
        },
        (missing) => storing.progress(...share(messages.length - missing)),
      ),
    ]);
    const storeSeconds = secondsSince(firstSent);
    const eventsPerSecond = messages.length / storeSeconds;
    storing.done(`${Math.round(eventsPerSecond).toLocaleString("en-GB")} events a second`);
    const sources: Partial<Record<DemoSource, number>> = {};
    for (const { source } of messages) sources[source] = (sources[source] ?? 0) + 1;
    return { events: messages.length, sources, sendSeconds, storeSeconds, eventsPerSecond };
  } catch (error) {
    sending.fail("stopped");
    storing.fail("stopped");
    throw error;
  } finally {
    ended = true;
    await producer.disconnect();
  }
}

/** Every message ends in one of three tables: accepted, rejected, or seen before. */
async function countStored(clickhouse: ClickHouse): Promise<number> {
  const result = await clickhouse.query({
    query: `SELECT (SELECT count() FROM events) + (SELECT count() FROM rejected_events)
      + (SELECT count() FROM duplicate_events) AS messages`,
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ messages: string }>();
  return Number(row?.messages ?? 0);
}

async function untilStored(
  clickhouse: ClickHouse,
  wanted: number,
  check: () => void,
  onMissing: (missing: number) => void,
): Promise<void> {
  let most = 0;
  let movedMs = Date.now();
  for (;;) {
    check();
    const stored = await countStored(clickhouse);
    onMissing(wanted - stored);
    if (stored >= wanted) return;
    if (stored > most) {
      most = stored;
      movedMs = Date.now();
    } else if (Date.now() - movedMs > longestStandstillMs) {
      throw new StartError(
        "Nothing more was stored for a minute: ingest's log says why; the next start goes on with the load.",
      );
    }
    await sleep(pollMs);
  }
}

function secondsSince(ms: number): number {
  return (performance.now() - ms) / 1000;
}
