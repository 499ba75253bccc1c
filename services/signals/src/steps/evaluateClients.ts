import type { Signal } from "@keypulse/contracts";
import type { EngineLogger } from "@keypulse/engines";
import { type Calendar, dropPresets, SourceWatch } from "@keypulse/methods";
import { type Budgets, budgetOfClient, budgetsOf, budgetsOfDetector, type FalseAlarms } from "../domain/budgets.ts";
import { type Change, changesOf, changesOfGone, type LastSignal } from "../domain/changes.ts";
import type { ClientHistory } from "../domain/clientHistory.ts";
import { buildPanelContext } from "../domain/context.ts";
import { type Deadlines, everybody } from "../domain/deadlines.ts";
import type { Detection, DetectSettings } from "../domain/detect.ts";
import { type CommonToAll, detectAll } from "../domain/detectAll.ts";
import { aimsOf } from "../domain/experience.ts";
import { heldChanges } from "../domain/held.ts";
import { describeLines } from "../domain/lines.ts";
import type { CaseFiles } from "../inputs/caseFiles.ts";
import type { CasePanels } from "../inputs/casePanels.ts";
import type { ReadSegments } from "../inputs/clientSegments.ts";
import type { Histories } from "../inputs/histories.ts";
import type { WorkspaceBudget } from "../inputs/workspaceBudget.ts";
import type { createSignalsMetrics } from "../metrics.ts";
import type { DetectorLines } from "../outputs/detectorLines.ts";
import type { HeldFindings } from "../outputs/heldFindings.ts";
import type { SignalLog } from "../outputs/signalLog.ts";
import { createWatchOutages } from "./watchOutages.ts";

/** A client whose finding is held back is looked at again after this. */
const heldRetryMs = 10 * 60_000;

export interface EvaluationSettings extends DetectSettings {
  /** False alarms a client-year where the workspace's budget says nothing. */
  usualBudget: FalseAlarms;
  dropPreset: keyof typeof dropPresets;
  currency: string;
  weekGraceMs: number;
  /** What is known of sources may be so old. */
  sourceCheckMs: number;
}

export interface Evaluator {
  /** Evaluates all clients and fits what they have in common. */
  evaluateEverybody(asOfMs: number): Promise<void>;
  /** Evaluates the owners of leaf keys that were touched. */
  evaluateTouched(keys: ReadonlySet<string>, asOfMs: number): Promise<void>;
  /** Evaluates clients whose deadline has come. */
  evaluateDue(clientIds: readonly string[], asOfMs: number): Promise<void>;
  /** Tells of sources that broke or are back. */
  evaluateSources(asOfMs: number): Promise<void>;
  /** Whether people have set another budget since all were evaluated: then all lines move. */
  budgetChanged(): Promise<boolean>;
}

export interface EvaluatorInputs {
  readonly histories: Histories;
  readonly caseFiles: CaseFiles;
  readonly casePanels: CasePanels;
  readonly workspaceBudget: WorkspaceBudget;
  readonly readSegments: ReadSegments;
}

export interface EvaluatorOutputs {
  readonly signalLog: SignalLog;
  readonly lines: DetectorLines;
  readonly held: HeldFindings;
}

interface Common extends CommonToAll {
  readonly version: number;
  readonly budgets: Budgets;
  /** What lines are set for. */
  readonly aims: Budgets;
}

/** load histories → detect → announce what changed → set deadlines. */
export function createEvaluator(
  { histories, caseFiles, casePanels, workspaceBudget, readSegments }: EvaluatorInputs,
  { signalLog, lines, held }: EvaluatorOutputs,
  deadlines: Deadlines,
  calendar: Calendar,
  settings: EvaluationSettings,
  metrics: ReturnType<typeof createSignalsMetrics>,
  logger: EngineLogger,
): Evaluator {
  let common: Common | undefined;
  let watch: { sources: SourceWatch; asOfMs: number } | undefined;
  let suspects = new Set<string>();
  const watchOutages = createWatchOutages(signalLog, settings.currency);

  async function watchSources(asOfMs: number): Promise<SourceWatch> {
    if (watch === undefined || Math.abs(asOfMs - watch.asOfMs) >= settings.sourceCheckMs) {
      watch = { sources: new SourceWatch(await histories.sourceHours(asOfMs), asOfMs, calendar), asOfMs };
      metrics.suspects.set(watch.sources.suspects().length);
      await wakeWaiting(watch.sources, asOfMs);
    }
    return watch.sources;
  }

  /** What waited for a source that is back is looked at again at once: whoever looked at sources before, and for what. */
  async function wakeWaiting(sources: SourceWatch, asOfMs: number): Promise<void> {
    const now = new Set(sources.suspects());
    const back = suspects.difference(now);
    if (back.size > 0) {
      const clients = await held.clientsWaitingFor([...back]);
      await deadlines.set(clients.map((clientId) => [clientId, asOfMs] as const));
    }
    suspects = now;
  }

  async function readBudget(): Promise<{ version: number; budgets: Budgets }> {
    const { version, budget: kept } = await workspaceBudget.read();
    return { version, budgets: budgetsOf(kept, settings.usualBudget) };
  }

  const about =
    (clientId: string, clientName: string) =>
    (change: Change): Signal => ({
      ...change,
      subject: "client",
      client_id: clientId,
      client_name: clientName,
      currency: settings.currency,
    });

  async function evaluate(list: readonly ClientHistory[], known: Common, asOfMs: number, isEverybody: boolean) {
    const { budgets, aims } = known;
    const sources = await watchSources(asOfMs);
    const ids = list.map(({ clientId }) => clientId);
    const [memberOf, last, waiting] = await Promise.all([
      workspaceBudget.members(budgets.segments.map(({ segment }) => segment)),
      signalLog.last(ids),
      held.waiting(ids),
    ]);
    const detections: (Detection & { clientId: string; before: LastSignal[] })[] = [];
    const withFiles = isEverybody ? caseFiles.withFilesOfAll(list, asOfMs) : caseFiles.withFiles(list, asOfMs);
    for await (const { history, file } of withFiles) {
      const { clientId } = history;
      const budget = budgetOfClient(aims, memberOf.get(clientId) ?? new Set());
      const found = detectAll(history, file, known, sources, { ...settings, budget, calendar, asOfMs });
      detections.push({ clientId, before: last.get(clientId) ?? [], ...found });
    }
    // Two looks may share a watermark; what is said later must carry a later time.
    const detectedAtMs = Date.now();
    const changes = detections.map(({ clientId, watched, before }) => ({
      clientId,
      list: changesOf(clientId, watched, before, detectedAtMs),
    }));
    const names = await histories.names(
      changes.flatMap(({ clientId, list: said }) => (said.length > 0 ? clientId : [])),
    );
    const signals = changes.flatMap(({ clientId, list: said }) =>
      said.map(about(clientId, names.get(clientId) ?? clientId)),
    );
    await signalLog.write(signals);
    metrics.signalled(signals);
    const heldNow = detections.flatMap(({ clientId, watched, before }) =>
      heldChanges(clientId, watched, before, waiting.get(clientId) ?? [], detectedAtMs),
    );
    await held.write(heldNow, detectedAtMs);

    const nextOf = ({ watched, nextDeadlineMs }: (typeof detections)[number]): number | undefined => {
      const isHeld = watched.some(({ finding, heldBy }) => finding !== undefined && heldBy !== undefined);
      if (!isHeld) return nextDeadlineMs;
      metrics.held.inc();
      return Math.min(asOfMs + heldRetryMs, nextDeadlineMs ?? Number.POSITIVE_INFINITY);
    };
    await deadlines.set(detections.map((detection) => [detection.clientId, nextOf(detection)] as const));
    return { signals: signals.length, detections, memberOf };
  }

  /** Open episodes of clients that were joined with others, or whose people moved away, end. */
  async function endGone(asked: readonly string[], list: readonly ClientHistory[]): Promise<void> {
    const there = new Set(list.map(({ clientId }) => clientId));
    const gone = asked.filter((id) => !there.has(id));
    await deadlines.set(gone.map((id) => [id, undefined] as const));
    const last = await signalLog.last(gone);
    const detectedAtMs = Date.now();
    const signals = [...last].flatMap(([clientId, before]) =>
      changesOfGone(clientId, before, detectedAtMs).map(about(clientId, before[0]!.clientName)),
    );
    await signalLog.write(signals);
    metrics.signalled(signals);
  }

  async function evaluateEverybody(asOfMs: number): Promise<void> {
    const start = performance.now();
    const list = await histories.loadAll();
    const lastWeek = calendar.weekOf(asOfMs - settings.weekGraceMs) - 1;
    const budget = await readBudget();
    const { budgets } = budget;
    const experiences = await workspaceBudget.experiences();
    const aims = aimsOf(budgets, experiences);
    const panel = buildPanelContext(
      list,
      await readSegments(),
      lastWeek,
      asOfMs,
      calendar,
      [...new Set([...budgetsOfDetector(aims, "activity_drop"), ...budgetsOfDetector(aims, "growth")])],
      dropPresets[settings.dropPreset],
      await workspaceBudget.judgedDrops(),
    );
    const cases = await casePanels.read(asOfMs, aims.forAll.concentration_trend);
    common = { panel, cases, aims, ...budget };
    watch = undefined;
    const { signals, detections, memberOf } = await evaluate(list, common, asOfMs, true);
    await lines.write(describeLines(detections, panel, budgets, experiences, memberOf), Date.now());
    await endGone(await signalLog.openClients(), list);
    await signalLog.writePeerFactors(panel.channels, asOfMs);
    // The next look at everybody: when the running week has ended and its late events had their time.
    await deadlines.finish(everybody, asOfMs, calendar.weekStartMs(lastWeek + 2) + settings.weekGraceMs);
    const seconds = (performance.now() - start) / 1000;
    metrics.evaluated("everybody", list.length, seconds);
    logger.info({ clients: list.length, signals, seconds: Number(seconds.toFixed(2)) }, "evaluated all clients");
  }

  async function evaluateSome(why: string, clientIds: readonly string[], asOfMs: number): Promise<void> {
    if (clientIds.length === 0) return;
    if (common === undefined) return await evaluateEverybody(asOfMs);
    const start = performance.now();
    const list = await histories.load(clientIds);
    await evaluate(list, common, asOfMs, false);
    await endGone(clientIds, list);
    metrics.evaluated(why, list.length, (performance.now() - start) / 1000);
  }

  return {
    evaluateEverybody,
    // A touched key may have been a client itself until it was joined with another.
    evaluateTouched: async (keys, asOfMs) =>
      evaluateSome("touched", [...new Set([...(await histories.clientIdsOf(keys)), ...keys])], asOfMs),
    evaluateDue: (clientIds, asOfMs) => evaluateSome("due", clientIds, asOfMs),
    evaluateSources: async (asOfMs) => {
      if (common === undefined) return;
      const sources = await watchSources(asOfMs);
      metrics.signalled(await watchOutages(sources, common.panel, settings, asOfMs));
    },
    budgetChanged: async () => common !== undefined && (await workspaceBudget.read()).version !== common.version,
  };
}
