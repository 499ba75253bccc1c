import {
  type Calendar,
  compareRules,
  dropPresets,
  findOutages,
  fitChannelContext,
  mainSources,
  mondayOf,
  moneyAtStakeOfDrop,
  moneyAtStakeOfSilence,
  NO_SEGMENT,
  periodsOf,
  type ReplayPanel,
  type RuleResult,
  replayPanel,
  revenueOfYearBefore,
  type SentAlert,
  SourceWatch,
  sentAlerts,
} from "@keypulse/methods";
import type { BacktestHistory } from "./history.ts";
import type { BacktestOptions } from "./options.ts";

export interface Span {
  /** Mondays of the first and the last week. */
  readonly from: string;
  readonly to: string;
}

export interface ChannelReport {
  readonly channel: "orders" | "all";
  readonly clients: number;
  readonly events: number;
  /** Undefined where history is too short to set thresholds on one part and judge on another; then why. */
  readonly periods: { readonly calibration: Span; readonly report: Span } | undefined;
  readonly tooShort: string | undefined;
  readonly results: readonly RuleResult[];
  /** The line at which drops are sent, and the budgets of both detectors. */
  readonly sent: { readonly dropThreshold: number; readonly dropBudget: number; readonly silenceBudget: number };
}

/** An alert about a client or a source, as it would have been sent. */
export interface ReportedAlert {
  readonly client?: string;
  readonly source?: string;
  readonly signal: "activity_drop" | "silence" | "source_outage";
  readonly channel?: "orders" | "all";
  readonly time: string;
  readonly probability: number;
  readonly verdict?: SentAlert["verdict"];
  readonly ended: string | null;
  readonly money_at_stake?: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface BacktestReport {
  readonly origin: string;
  readonly from: string;
  readonly to: string;
  readonly notes: readonly string[];
  readonly seed: number;
  readonly channels: readonly ChannelReport[];
  readonly alerts: readonly ReportedAlert[];
}

const minRepeats = 3;
const minSourceClients = 5;
const hourMs = 3_600_000;

/** Runs everything over a history. @param onProgress is told a share of the work and may pause it */
export async function runBacktest(
  history: BacktestHistory,
  options: BacktestOptions,
  onProgress: (note: string, fraction: number) => Promise<void>,
): Promise<BacktestReport> {
  const { calendar, untilMs } = history;
  const sources = new SourceWatch(history.sourceHours, untilMs, calendar);
  const channels: ChannelReport[] = [];
  const alerts: ReportedAlert[] = sourceAlerts(history);
  for (const [index, { name, clients }] of history.channels.entries()) {
    const share = (fraction: number) => (index + fraction) / history.channels.length;
    await onProgress(`${name}: histories`, share(0));
    const absences = history.absences ?? new Map();
    const panel = replayPanel({ clients, calendar, untilMs, sources, minSourceClients, absences });
    const untilWeek =
      options.calibrateUntil === undefined
        ? undefined
        : calendar.weekOf(calendar.dayStartMs(Date.parse(options.calibrateUntil) / 86_400_000)) - 1;
    const periods = periodsOf(panel, untilWeek);
    let results: RuleResult[] = [];
    if (periods !== undefined) {
      const work = compareRules(panel, periods, options);
      for (;;) {
        const step = work.next();
        if (step.done) {
          results = step.value;
          break;
        }
        await onProgress(`${name}: rules`, share(0.1 + (0.9 * step.value.done) / step.value.of));
      }
    }
    const calibration = periods?.calibration ?? { fromWeek: panel.clock.firstWeek, toWeek: panel.lastWeek };
    const sent = {
      dropThreshold: liveThreshold(panel, calendar, calibration.toWeek, options.budgets[0]!),
      dropBudget: options.budgets[0]!,
      silenceBudget: options.silenceBudget,
    };
    const silence = { falseAlarmsPerClientYear: options.silenceBudget, minRepeats };
    for (const alert of sentAlerts(panel, calibration, { dropThreshold: sent.dropThreshold, silence })) {
      alerts.push(reported(alert, name, history));
    }
    const span = ({ fromWeek, toWeek }: { fromWeek: number; toWeek: number }): Span => ({
      from: mondayOf(fromWeek),
      to: mondayOf(toWeek),
    });
    channels.push({
      channel: name,
      clients: clients.length,
      events: clients.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0),
      periods: periods && { calibration: span(periods.calibration), report: span(periods.report) },
      tooShort:
        periods === undefined
          ? "no week is left in which clients are watched (from 17 weeks on, or three repeats) on both sides of the calibration's end, with the 13 weeks that a verdict needs"
          : undefined,
      results,
      sent,
    });
  }
  const first = history.channels
    .flatMap(({ clients }) => clients)
    .reduce((least, c) => Math.min(least, c.firstMs[0]!), untilMs);
  return {
    origin: history.origin,
    from: new Date(first).toISOString(),
    to: new Date(untilMs).toISOString(),
    notes: history.notes,
    seed: options.seed,
    channels,
    alerts: alerts.sort((a, b) => (a.time < b.time ? -1 : 1)),
  };
}

/** As the service sets it, from what it knew at the end of calibration. */
function liveThreshold(panel: ReplayPanel, calendar: Calendar, toWeek: number, budget: number): number {
  const asOfMs = panel.clock.startMs(toWeek + 1);
  const known = panel.clients
    .filter(({ firstWeek }) => firstWeek <= toWeek)
    .map(({ events }) => ({ ...events, firstAtMs: events.firstMs[0]!, lastAtMs: events.lastMs.at(-1)! }));
  const bySegment = Map.groupBy(known, ({ segment = NO_SEGMENT }) => segment);
  return fitChannelContext(bySegment, toWeek, asOfMs, calendar, dropPresets.fast, budget).threshold;
}

/** Of sources that enough clients hang on: the pause of another may be its clients'. */
function sourceAlerts({ channels, sourceHours, untilMs, calendar }: BacktestHistory): ReportedAlert[] {
  const everybody = channels.at(-1)!.clients;
  return [...sourceHours].flatMap(([source, hours]) => {
    if (everybody.filter((client) => mainSources(client).includes(source)).length < minSourceClients) return [];
    const nowMs = Math.max(untilMs, ((hours.at(-1) ?? 0) + 1) * hourMs);
    return findOutages(hours, nowMs, calendar).outages.map((outage) => ({
      source,
      signal: "source_outage" as const,
      time: new Date(outage.startMs + outage.thresholdHours * hourMs).toISOString(),
      probability: Number((1 - outage.tailProbability).toFixed(4)),
      ended: outage.endMs === undefined ? null : new Date(outage.endMs).toISOString(),
      figures: {
        gap_hours: outage.gapHours,
        threshold_hours: outage.thresholdHours,
        missed_hours: outage.missedHours,
        false_outages_a_year: outage.falseOutagesAYear,
      },
    }));
  });
}

function reported(alert: SentAlert, channel: "orders" | "all", history: BacktestHistory): ReportedAlert {
  const revenue = history.revenue.get(alert.client)?.filter(({ atMs }) => atMs <= alert.atMs);
  const money =
    revenue &&
    (alert.signal === "silence"
      ? moneyAtStakeOfSilence(revenue)
      : moneyAtStakeOfDrop(revenueOfYearBefore(revenue, alert.atMs), alert.figures.ratio!));
  return {
    client: alert.client,
    signal: alert.signal,
    channel,
    time: new Date(alert.atMs).toISOString(),
    probability: Number(alert.probability.toFixed(4)),
    verdict: alert.verdict,
    ended: alert.closedMs === undefined ? null : new Date(alert.closedMs).toISOString(),
    ...(money !== undefined && { money_at_stake: money }),
    figures: alert.figures,
  };
}
