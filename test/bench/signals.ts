import { connectRedis, silentLogger } from "@keypulse/engines";
import { createCalendar, dropPresets, SourceWatch } from "@keypulse/methods";
import { createTestWorkspace, type OwnEngines, type TestWorkspace } from "@keypulse/testkit";
import { budgetsOf, usualBudgets } from "../../services/signals/src/domain/budgets.ts";
import type { ClientHistory } from "../../services/signals/src/domain/clientHistory.ts";
import { buildPanelContext } from "../../services/signals/src/domain/context.ts";
import { Deadlines } from "../../services/signals/src/domain/deadlines.ts";
import { type CommonToAll, detectAll } from "../../services/signals/src/domain/detectAll.ts";
import { CaseFiles } from "../../services/signals/src/inputs/caseFiles.ts";
import { CasePanels } from "../../services/signals/src/inputs/casePanels.ts";
import { Histories } from "../../services/signals/src/inputs/histories.ts";
import { clientKeyQuery, generateClients, generateEvents } from "./generateHistory.ts";

const eventsAClient = 100;
const deadlines = 1_000_000;
const dueAtOnce = 10_000;
const looks = 30;

interface Look {
  clients: number;
  loadSeconds: number;
  fitSeconds: number;
  caseFileSeconds: number;
  detectSeconds: number;
  findings: number;
  peakMegabytes: number;
}

export interface SignalsReport {
  everybody: Look[];
  touchedMs: { median: number; p95: number };
  deadlines: { members: number; bytesEach: number; setSeconds: number; takeDueMs: number };
  text: string;
}

/**
 * What looking at clients costs, ClickHouse's part and TypeScript's apart: everybody at a week's end, one client that was
 * touched, and deadlines in Redis. Two years of history; a hundred events a client on average, few with many.
 */
export async function benchSignals(
  engines: OwnEngines,
  { clients, say }: { clients: number; say: (text: string) => void },
): Promise<SignalsReport> {
  const workspace = await createTestWorkspace({ engines });
  try {
    const inputs = inputsOf(workspace);
    const everybody: Look[] = [];
    let stored = 0;
    for (const share of [0.25, 0.5, 1]) {
      const some = Math.round(clients * share);
      say(`${some.toLocaleString("en")} clients …`);
      await generateClients(workspace, some);
      await generateEvents(workspace, some, stored, some * eventsAClient, say);
      stored = some * eventsAClient;
      everybody.push(await lookAtEverybody(inputs));
      say(describeLook(everybody.at(-1)!));
    }
    const touchedMs = await lookAtTouched(workspace, inputs, clients);
    const ofDeadlines = await measureDeadlines(workspace);
    return {
      everybody,
      touchedMs,
      deadlines: ofDeadlines,
      text: [
        ...everybody.map(describeLook),
        `a touched client, history, case file and detectors: median ${touchedMs.median.toFixed(0)} ms, 95 % ${touchedMs.p95.toFixed(0)} ms (aim 1,000)`,
        `${ofDeadlines.members.toLocaleString("en")} deadlines: ${ofDeadlines.bytesEach.toFixed(0)} bytes each in Redis, set in ${ofDeadlines.setSeconds.toFixed(1)} s; ` +
          `${dueAtOnce.toLocaleString("en")} due at once are taken in ${ofDeadlines.takeDueMs.toFixed(0)} ms`,
      ].join("\n"),
    };
  } finally {
    await workspace.close();
  }
}

const calendar = createCalendar("UTC");
const usual = usualBudgets({ drop: 0.25, silence: 0.1, smaller: 0.1 });
const budgets = budgetsOf({ false_alarms: {}, segments: [], alerts_a_manager_week: 10 }, usual);

function inputsOf({ clickhouse }: TestWorkspace) {
  return {
    histories: new Histories(clickhouse, { currency: "EUR", timezone: "UTC" }),
    caseFiles: new CaseFiles(clickhouse, calendar, { timezone: "UTC", currency: "EUR" }),
    casePanels: new CasePanels(clickhouse, calendar),
  };
}

async function lookAtEverybody({ histories, caseFiles, casePanels }: ReturnType<typeof inputsOf>): Promise<Look> {
  let peak = 0;
  const note = (): void => {
    peak = Math.max(peak, process.memoryUsage().rss);
  };
  const watching = setInterval(note, 100);
  const asOfMs = Date.now();
  const began = performance.now();
  const list: ClientHistory[] = await histories.loadAll();
  const sources = new SourceWatch(await histories.sourceHours(asOfMs), asOfMs, calendar);
  const loaded = performance.now();
  note();
  const panel = buildPanelContext(
    list,
    industriesOf(list),
    calendar.weekOf(asOfMs) - 1,
    asOfMs,
    calendar,
    [budgets.forAll.activity_drop],
    dropPresets.fast,
    [],
  );
  const fitted = performance.now();
  note();
  const common: CommonToAll = { panel, cases: await casePanels.read(asOfMs, budgets.forAll.concentration_trend) };
  let findings = 0;
  let detectMs = 0;
  for await (const { history, file } of caseFiles.withFilesOfAll(list, asOfMs)) {
    const from = performance.now();
    const found = detectAll(history, file, common, sources, { ...settings, asOfMs }).watched;
    detectMs += performance.now() - from;
    findings += found.filter(({ finding }) => finding !== undefined).length;
  }
  const done = performance.now();
  note();
  clearInterval(watching);
  return {
    clients: list.length,
    loadSeconds: (loaded - began) / 1000,
    fitSeconds: (fitted - loaded) / 1000,
    caseFileSeconds: (done - fitted - detectMs) / 1000,
    detectSeconds: detectMs / 1000,
    findings,
    peakMegabytes: peak / 1e6,
  };
}

const settings = { minRepeats: 3, minSourceClients: 5, currency: "EUR", budget: budgets.forAll, calendar };

/** Eight industries, so that peers by segment are fitted too. */
const industriesOf = (list: readonly ClientHistory[]): Map<string, string> =>
  new Map(list.map(({ clientId }, i) => [clientId, `industry ${i % 8}`]));

async function lookAtTouched(
  workspace: TestWorkspace,
  { histories, caseFiles, casePanels }: ReturnType<typeof inputsOf>,
  clients: number,
) {
  const asOfMs = Date.now();
  const panel = buildPanelContext(
    [],
    new Map(),
    calendar.weekOf(asOfMs) - 1,
    asOfMs,
    calendar,
    [budgets.forAll.activity_drop],
    dropPresets.fast,
    [],
  );
  const sources = new SourceWatch(await histories.sourceHours(asOfMs), asOfMs, calendar);
  const common = { panel, cases: await casePanels.read(asOfMs, budgets.forAll.concentration_trend) };
  const times: number[] = [];
  for (let i = 0; i < looks; i++) {
    const [row] = await workspace.rows<{ id: string }>(clientKeyQuery(Math.round((clients * i) / looks)));
    const began = performance.now();
    const list = await histories.load(await histories.clientIdsOf([row!.id]));
    for await (const { history, file } of caseFiles.withFiles(list, asOfMs)) {
      detectAll(history, file, common, sources, { ...settings, asOfMs });
    }
    times.push(performance.now() - began);
  }
  times.sort((one, other) => one - other);
  return { median: times[looks >> 1]!, p95: times[Math.ceil(looks * 0.95) - 1]! };
}

async function measureDeadlines(workspace: TestWorkspace): Promise<SignalsReport["deadlines"]> {
  const { redisUrl, redisPrefix } = workspace.world;
  const redis = connectRedis({ REDIS_URL: redisUrl, REDIS_PREFIX: redisPrefix }, "bench", silentLogger);
  const memory = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))![1]);
  const set = new Deadlines(redis, redisPrefix);
  const before = await memory();
  const now = Date.now();
  const began = performance.now();
  for (let i = 0; i < deadlines; i += 100_000) {
    await set.set(
      Array.from({ length: 100_000 }, (_, j) => {
        const number = i + j;
        const id = `${String(number).padStart(8, "0")}-0000-4000-8000-000000000000`;
        return [id, number < dueAtOnce ? now : now + number * 1_000] as const;
      }),
    );
  }
  const setSeconds = (performance.now() - began) / 1000;
  const bytesEach = ((await memory()) - before) / deadlines;
  const took = performance.now();
  const due = [...(await set.takeDue(now, 5_000)), ...(await set.takeDue(now, 5_000))];
  const takeDueMs = performance.now() - took;
  if (due.length !== dueAtOnce) throw new Error(`${due.length} were due, not ${dueAtOnce}`);
  redis.disconnect();
  return { members: deadlines, bytesEach, setSeconds, takeDueMs };
}

const describeLook = ({
  clients,
  loadSeconds,
  fitSeconds,
  caseFileSeconds,
  detectSeconds,
  findings,
  peakMegabytes,
}: Look): string =>
  `${clients.toLocaleString("en").padStart(9)} clients: ClickHouse ${loadSeconds.toFixed(1)} s; fit ${fitSeconds.toFixed(1)} s, case files ${caseFileSeconds.toFixed(1)} s, ` +
  `all detectors ${detectSeconds.toFixed(1)} s (${((detectSeconds / clients) * 1e6).toFixed(0)} µs a client); ` +
  `peak ${peakMegabytes.toFixed(0)} MB; ${findings.toLocaleString("en")} findings` +
  `${clients >= 100_000 ? ` (aim 60 s, 1,000 MB${loadSeconds + fitSeconds + caseFileSeconds + detectSeconds <= 60 && peakMegabytes <= 1_000 ? "" : ": missed"})` : ""}`;
