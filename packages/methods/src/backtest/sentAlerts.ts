import { replayDropWeeks, trackDropEpisodes } from "../dropEpisodes.ts";
import { dropLikelihood, fitLikelihoodShift } from "../dropLikelihood.ts";
import { dropPresets } from "../dropScore.ts";
import { advanceClock } from "../intervals.ts";
import { detectSilence, type SilenceSettings } from "../silence.ts";
import { type Group, groups, type ReplayClient, type ReplayPanel } from "./panel.ts";
import { isIn, type Period, verdictOf } from "./periods.ts";

/** An alert that the service would have sent about a client. */
export interface SentAlert {
  readonly client: string;
  readonly signal: "activity_drop" | "silence";
  readonly atMs: number;
  /** How likely it is real, from what alerts of the calibration period came to. */
  readonly probability: number;
  readonly verdict: "real_drop" | "false_alarm" | "too_early";
  /** When it ended by itself. */
  readonly closedMs: number | undefined;
  readonly figures: Readonly<Record<string, number>>;
}

export interface SentSettings {
  readonly dropThreshold: number;
  readonly silence: SilenceSettings;
}

interface Unrated extends Omit<SentAlert, "probability"> {
  readonly group: Group;
  readonly isCalibration: boolean;
}

const dayMs = 86_400_000;

/**
 * All alerts that the service would have sent over a channel's history, oldest first: drops of its live preset and
 * silence at its budget, on all clients, by the functions that the service calls. O(clients · weeks).
 */
export function sentAlerts(panel: ReplayPanel, calibration: Period, settings: SentSettings): SentAlert[] {
  const alerts = panel.clients.flatMap((client) => [
    ...dropAlerts(client, panel, calibration, settings.dropThreshold),
    ...silenceAlerts(client, panel, calibration, settings.silence),
  ]);
  const rate = raters(alerts);
  return alerts
    .map(({ group, isCalibration: _, ...alert }) => ({ ...alert, probability: rate(alert, group) }))
    .sort((a, b) => a.atMs - b.atMs || (a.client < b.client ? -1 : 1));
}

function dropAlerts(client: ReplayClient, panel: ReplayPanel, calibration: Period, threshold: number): Unrated[] {
  if (!client.watched.frequent.includes(true)) return [];
  const { counts, factors, firstWeek } = client;
  const weeks = replayDropWeeks(counts, factors, { preset: dropPresets.fast });
  const endOf = (week: number): number => panel.clock.startMs(firstWeek + week + 1);
  return trackDropEpisodes(weeks, threshold).episodes.flatMap((episode) => {
    const { openedWeek, closedWeek, opening, baselineAtOpening } = episode;
    const atMs = advanceClock(client.absences, endOf(openedWeek), 0);
    if (atMs === undefined) return [];
    const found = { atMs, week: openedWeek, closedMs: closedWeek === undefined ? undefined : endOf(closedWeek) };
    return {
      client: client.events.client,
      signal: "activity_drop" as const,
      group: "frequent" as const,
      isCalibration: isIn(calibration, client, found),
      atMs,
      closedMs: found.closedMs,
      verdict: verdictOf(client, "frequent", found),
      figures: {
        score: opening.alarmScore,
        threshold,
        level_before: opening.levelBefore,
        level_now: opening.levelNow,
        ratio: opening.ratio,
        usual_wobble: opening.usualWobble,
        baseline: baselineAtOpening,
      },
    };
  });
}

function silenceAlerts(
  client: ReplayClient,
  panel: ReplayPanel,
  calibration: Period,
  settings: SilenceSettings,
): Unrated[] {
  const { events, absences, firstWeek } = client;
  const alerts: Unrated[] = [];
  let sumLogGapDays = 0;
  for (let last = 0; last < events.days.length; last++) {
    if (last > 0) sumLogGapDays += Math.log(events.days[last]! - events.days[last - 1]!);
    if (last < settings.minRepeats) continue;
    const lastActiveMs = events.lastMs[last]!;
    const closedMs = events.firstMs[last + 1];
    const history = { activeDays: last + 1, firstActiveMs: events.firstMs[0]!, lastActiveMs, sumLogGapDays };
    const nowMs = Math.max(lastActiveMs, closedMs ?? panel.untilMs);
    const finding = detectSilence(history, panel.priorAt(lastActiveMs), settings, nowMs, absences);
    if (finding.state !== "silent" || finding.deadlineMs! >= nowMs) continue;
    const atMs = finding.deadlineMs!;
    const week = panel.clock.weekOf(atMs) - firstWeek;
    const group = groups.find((name) => client.watched[name][week]) ?? "rare";
    const found = { atMs, week, closedMs };
    alerts.push({
      client: events.client,
      signal: "silence",
      group,
      isCalibration: isIn(calibration, client, found),
      atMs,
      closedMs,
      verdict: verdictOf(client, group, found),
      figures: {
        gap_days: (atMs - lastActiveMs) / dayMs,
        usual_gap_days: finding.expectedGapDays,
        critical_gap_days: finding.criticalGapDays,
        tail_threshold: finding.tailThreshold,
        repeats: finding.repeats,
      },
    });
  }
  return alerts;
}

/** Drops by their depth, shifted to what came of earlier ones; silence by the share that proved real, one each way to start. */
function raters(alerts: readonly Unrated[]): (alert: Omit<SentAlert, "probability">, group: Group) => number {
  const resolved = alerts.filter(({ isCalibration, verdict }) => isCalibration && verdict !== "too_early");
  const shift = fitLikelihoodShift(
    resolved
      .filter(({ signal }) => signal === "activity_drop")
      .map(({ figures, verdict }) => ({ ratio: figures.ratio!, real: verdict === "real_drop" })),
  );
  const shareReal = (group: Group): number => {
    const silent = resolved.filter((alert) => alert.signal === "silence" && alert.group === group);
    return (silent.filter(({ verdict }) => verdict === "real_drop").length + 1) / (silent.length + 2);
  };
  const shares = { frequent: shareReal("frequent"), rare: shareReal("rare") };
  return ({ signal, figures }, group) =>
    signal === "activity_drop" ? dropLikelihood(figures.ratio!, shift) : shares[group];
}
