import { type DropHistory, dropEpisodes, replayDropWeeks } from "./dropEpisodes.ts";
import type { DropPreset } from "./dropScore.ts";
import { alignWeeks, type PeerFactors, peerFactors, type WeeklyHistory } from "./peerFactor.ts";
import { createSpreadState, stepSpreadFactor } from "./spreadFactor.ts";

/** What a panel's weeks were like for everybody; all that one client's episodes need besides its own counts. */
export interface PanelWeeks extends PeerFactors {
  /** Spread factor c by week; all 1 for a preset that does not use it. */
  readonly spreadFactors: readonly number[];
}

/**
 * Peer and spread factors of a whole panel up to lastWeek. O(clients * weeks); O(clients * weeks) numbers of memory
 * with the steady preset, whose spread factor needs every client's scores of a week.
 *
 * @param histories all clients of the workspace or segment
 * @param lastWeek last complete week
 * @param whole for a segment, the weeks of all clients; for all, those of the calendar: they speak where peers are too few
 * @throws RangeError as peerFactors
 */
export function panelWeeks(
  histories: readonly WeeklyHistory[],
  lastWeek: number,
  preset: DropPreset,
  whole?: PeerFactors & Partial<PanelWeeks>,
): PanelWeeks {
  const panel = peerFactors(histories, lastWeek, whole);
  const spreadFactors = preset.usesSpreadFactor
    ? panelSpreadFactors(histories, panel, preset, whole)
    : panel.factors.map(() => 1);
  return { ...panel, spreadFactors };
}

/**
 * One client's drop history inside its panel; what the service calls for a touched client. O(weeks).
 *
 * @param history weeks missing before the panel's last week count as empty; weeks after it are left out
 */
export function dropHistoryInPanel(
  history: WeeklyHistory,
  panel: PanelWeeks,
  settings: { readonly preset: DropPreset; readonly threshold: number },
): DropHistory {
  const factors = alignWeeks(panel.factors, panel.firstWeek, history.firstWeek);
  const spreadFactors = alignWeeks(panel.spreadFactors, panel.firstWeek, history.firstWeek);
  return dropEpisodes(paddedCounts(history, factors.length), factors, { ...settings, spreadFactors });
}

/** Counts over exactly `weeks` weeks: a client that stopped stays in the panel with empty weeks. */
export function paddedCounts(history: WeeklyHistory, weeks: number): number[] {
  return Array.from({ length: weeks }, (_, week) => history.counts[week] ?? 0);
}

function panelSpreadFactors(
  histories: readonly WeeklyHistory[],
  { firstWeek, factors }: PeerFactors,
  preset: DropPreset,
  whole?: PeerFactors & Partial<PanelWeeks>,
): number[] {
  const scoresByWeek: number[][] = factors.map(() => []);
  for (const history of histories) {
    const offset = history.firstWeek - firstWeek;
    const own = factors.slice(offset);
    const { scores, monitored } = replayDropWeeks(paddedCounts(history, own.length), own, { preset });
    for (const [week, score] of scores.entries()) {
      if (score !== undefined && monitored[week]) scoresByWeek[offset + week]!.push(score.s);
    }
  }
  const state = createSpreadState();
  return scoresByWeek.map((scores, week) =>
    stepSpreadFactor(state, scores, whole?.spreadFactors?.[firstWeek + week - whole.firstWeek]),
  );
}
