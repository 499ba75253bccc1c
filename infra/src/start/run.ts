import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { topicNames } from "@keypulse/contracts";
import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { removeConsoleAccess, writeConsoleAccess } from "../console.ts";
import { bringUpEngines, type Engines } from "../engines/bringUp.ts";
import { EngineError } from "../engines/engineError.ts";
import { silentSteps } from "../engines/steps.ts";
import { keypulseFolder } from "../folder.ts";
import { prepareWorkspace } from "../prepare.ts";
import { type ServiceSpec, type Supervisor, supervise } from "../supervisor.ts";
import type { Terminal } from "../terminal.ts";
import { watchAlerts } from "./alertLines.ts";
import { type Connections, type Environment, readConnections } from "./connections.ts";
import { loadWhereEmpty, readAhead } from "./demonstration.ts";
import type { Interrupts } from "./interrupts.ts";
import { makeReport, money, type Report } from "./report.ts";
import { chooseSecrets } from "./secrets.ts";
import type { ServiceLog } from "./serviceLog.ts";
import { planServices } from "./services.ts";
import { Interrupted, StartError } from "./startError.ts";
import { type DemonstrationStream, streamDemonstration } from "./streamDemonstration.ts";
import { untilEvaluated } from "./untilEvaluated.ts";
import { chooseWorkspace } from "./workspace.ts";

export interface RunOptions {
  readonly demo: boolean;
  /** Ends after the report instead of at Ctrl-C. */
  readonly exit: boolean;
  readonly terminal: Terminal;
  readonly log: ServiceLog;
  readonly interrupts: Interrupts;
  readonly onReport: (report: Report) => void;
}

/** What was started, newest last: it ends in the other order. Shown as a step where it has a title. */
type Ending = [title: string | undefined, end: () => Promise<unknown>];

const readyWithinMs = 60_000;
const evaluatedWithinMs = 60_000;
const enginesEveryMs = 3_000;
/** Of a service that is not ready yet. */
const mostRestarts = 3;

/**
 * Engines, workspace, services, demonstration, report, live stream; then waits for Ctrl-C and ends all of it in order.
 * @returns the exit code
 */
export async function runKeypulse(options: RunOptions): Promise<number> {
  const endings: Ending[] = [];
  try {
    await start(options, endings);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return options.exit ? 130 : 0;
    options.terminal.line(isExpected(error) ? error.message : String((error as Error).stack));
    return 1;
  } finally {
    options.log.show("warnings");
    for (const [title, end] of endings.reverse()) {
      const step = (title === undefined ? silentSteps : options.terminal.startStep)(title ?? "");
      await end().then(
        () => step.done(),
        (error: Error) => step.fail(error.message),
      );
    }
    await options.log.close();
  }
}

async function start(options: RunOptions, endings: Ending[]): Promise<void> {
  const { terminal, interrupts } = options;
  const { startStep } = terminal;
  const folder = keypulseFolder();
  readConnections(process.env);
  const demonstration = options.demo ? readAhead(folder) : undefined;
  const engines = await bringUpEngines({
    folder,
    ports: "fixed",
    whenRunning: "refuse",
    command: "npm start",
    onStep: startStep,
  });
  endings.push(["Stop the engines", () => engines.stop()]);
  interrupts.check();
  const secrets = chooseSecrets(folder, process.env);
  const environment: Environment = { ...(await prepare(options, engines)), ...secrets };
  const connections = readConnections(environment);
  const clickhouse = connectClickHouse(connections, "keypulse-start");
  endings.push([undefined, () => clickhouse.close()]);
  const { specs, collectorUrl, consoleUrl } = await planServices(environment, startStep, interrupts);
  interrupts.check();

  const ingest = superviseServices(specs.storing, options);
  const watchers = superviseServices(specs.watching, options);
  const doors = superviseServices(specs.doors, options);
  // What feeds others stops first.
  endings.push(
    [`Stop ${named(watchers)}`, () => watchers.stop()],
    [`Stop ${named(ingest)}`, () => ingest.stop()],
    [`Stop ${named(doors)}`, () => doors.stop()],
  );
  await startServices(ingest, options);
  await startServices(doors, options);
  writeConsoleAccess(folder, { url: consoleUrl, token: secrets.KEYPULSE_API_TOKEN });
  endings.push([undefined, async () => removeConsoleAccess(folder)]);
  const place = { connections, clickhouse, environment, folder };
  const found = demonstration && (await loadWhereEmpty(options, place, demonstration));
  const stream = found?.clients && (await streamDemonstration(connections, found.clients));
  if (stream) endings.push(["Stop the live stream", () => stream.stop()]);
  interrupts.check();
  await startServices(watchers, options);
  if (found?.load) {
    const signalsUrl = watchers.status().find(({ name }) => name === "signals")!.url;
    await untilEvaluated({
      connections,
      clickhouse,
      startStep,
      interrupts,
      longestMs: evaluatedWithinMs,
      signalsUrl,
    });
  }

  const report = await makeReport(clickhouse, {
    readySeconds: performance.now() / 1000,
    load: found?.load ?? null,
    currency: environment.WORKSPACE_CURRENCY || "EUR",
    timeZone: environment.WORKSPACE_TIMEZONE || "UTC",
    services: [ingest, watchers, doors].flatMap((some) => some.status()).map(({ name, url }) => ({ name, url })),
    collectorUrl,
    consoleUrl,
    alertsTopic: topicNames(connections.TOPIC_PREFIX).alerts,
    kafkaBrokers: engines.kafkaBrokers,
  });
  options.onReport(report);
  if (options.exit) return;
  const note = found?.contents === "other events" ? "These events are your own, so no made-up ones are added. " : "";
  await goOn(options, endings, { connections, clickhouse, engines, stream, note });
}

/** Settings of the workspace, migrations and topics. @returns what services get as their environment */
async function prepare({ demo, terminal }: RunOptions, engines: Engines): Promise<Environment> {
  const step = terminal.startStep("Apply migrations and create topics");
  const given = { ...process.env, ...engines.environment };
  // A broker that never answers is waited for without end by its client.
  const answer = sleep(readyWithinMs, "no answer" as const, { ref: false });
  try {
    const environment = { ...given, ...(await Promise.race([chooseWorkspace(given, demo), answer.then(tooLate)])) };
    const { migrations, topicsCreated } = await Promise.race([prepareWorkspace(environment), answer.then(tooLate)]);
    const did = [
      ...(migrations.applied.length > 0 ? [`${migrations.applied.length} migrations`] : []),
      ...(migrations.views > 0 ? [`${migrations.views} views`] : []),
      ...(topicsCreated.length > 0 ? [`${topicsCreated.length} topics`] : []),
    ];
    step.done(did.join(", ") || "all there");
    return environment;
  } catch (error) {
    step.fail("failed");
    throw isExpected(error) ? error : new StartError((error as Error).message, { cause: error });
  }
}

function tooLate(): never {
  throw new StartError("Kafka or ClickHouse does not answer: check KAFKA_BROKERS and CLICKHOUSE_URL.");
}

function superviseServices(services: readonly ServiceSpec[], { log }: RunOptions): Supervisor {
  // Lines come as JSON: the log decides where each goes, and makes it pretty.
  return supervise({ services, line: log.take, pretty: false });
}

const list = new Intl.ListFormat("en");
const named = (services: Supervisor): string => list.format(services.status().map(({ name }) => name));

async function startServices(services: Supervisor, { terminal, interrupts }: RunOptions): Promise<void> {
  const step = terminal.startStep(`Start ${named(services)}`);
  services.start();
  const ended = new AbortController();
  try {
    await interrupts.unlessInterrupted(
      Promise.race([services.ready(readyWithinMs), failingStarts(services, ended.signal)]),
    );
  } catch (error) {
    step.fail("failed");
    if (error instanceof Interrupted) throw error;
    throw new StartError(`${(error as Error).message}: its log is in ${logFolder()}.`);
  } finally {
    ended.abort();
  }
  const addresses = services.status().map(({ url }) => url.slice("http://".length));
  step.done(addresses.join(", "));
}

/** @throws Error once a service has ended again and again: it will not be ready */
async function failingStarts(services: Supervisor, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const failing = services.status().find(({ restarts }) => restarts >= mostRestarts);
    if (failing) throw new Error(`${failing.name} ended ${failing.restarts} times while it was started`);
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
}

interface Running {
  readonly connections: Connections;
  readonly clickhouse: ClickHouse;
  readonly engines: Engines;
  readonly stream: DemonstrationStream | undefined;
  readonly note: string;
}

/** The live stream, and news as they come, until Ctrl-C. @throws StartError where an engine ended */
async function goOn({ terminal, log, interrupts }: RunOptions, endings: Ending[], running: Running): Promise<void> {
  const { connections, clickhouse, engines, stream, note } = running;
  const rate = connections.DEMO_EVENTS_PER_SECOND;
  const streams = stream !== undefined && rate > 0;
  terminal.line(
    streams
      ? `\nAbout ${rate} made-up events a second come in now, as if the clients went on. Ctrl-C stops everything in order.\n`
      : `\n${note}Ctrl-C stops everything in order.\n`,
  );
  log.show("all");
  const stopWatching = new AbortController();
  const watching = watchAlerts(clickhouse, stopWatching.signal, (alert) => {
    const { state, client, moneyAtStake, currency, reason } = alert;
    const news = state === "open" ? "Alert" : "Resolved";
    log.say(`${news}: ${client}, ${money(moneyAtStake, 0)} ${currency} a year: ${reason}`, { alert });
  });
  // Before the stream stops: endings go from the last to the first.
  endings.push([
    undefined,
    async () => {
      stopWatching.abort();
      await watching;
    },
  ]);
  if (streams) {
    stream.start(rate, (error) => log.say(`An event of the live stream could not be sent: ${error.message}`));
  }
  const { signal } = interrupts;
  while (!signal.aborted) {
    const ended = Object.values(engines.native).find((engine) => engine.pid === undefined);
    if (ended) throw new StartError(`${ended.title} ended by itself: see ${ended.logFile}, then start again.`);
    await sleep(enginesEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

export function logFolder(): string {
  return join(keypulseFolder(), "logs");
}

function isExpected(error: unknown): error is Error {
  return error instanceof EngineError || error instanceof StartError;
}
