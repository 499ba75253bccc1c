import type { Alert, Signal } from "@keypulse/contracts";
import {
  compareSignals,
  EpisodeHistory,
  type EpisodeSettings,
  type SignalOutcome,
  scopeOf,
} from "../domain/episodes.ts";
import type { News } from "../domain/news.ts";

export interface DecidedVersions {
  /** Not in the warehouse yet. */
  made: Alert[];
  /** All to be told: those made, and those made before from a signal that comes again. */
  news: News[];
  outcomes: Map<SignalOutcome, number>;
}

/** Loads all versions of the clients' alerts. */
export type LoadVersions = (clientIds: readonly string[]) => Promise<Alert[]>;

/** Turns signals into versions of alerts, from what the warehouse knows of the same clients. */
export function createDecideVersions(loadVersions: LoadVersions, settings: EpisodeSettings) {
  return async (signals: readonly Signal[]): Promise<DecidedVersions> => {
    const decided: DecidedVersions = { made: [], news: [], outcomes: new Map() };
    if (signals.length === 0) return decided;
    const known = await loadVersions([...new Set(signals.map(({ client_id }) => client_id))]);
    const histories = new Map(
      [...Map.groupBy(known, scopeOf)].map(([scope, list]) => [scope, new EpisodeHistory(list)]),
    );
    for (const signal of [...signals].sort(compareSignals)) {
      const scope = scopeOf(signal);
      const history = histories.get(scope) ?? new EpisodeHistory();
      histories.set(scope, history);
      const { outcome, version } = history.apply(signal, settings);
      decided.outcomes.set(outcome, (decided.outcomes.get(outcome) ?? 0) + 1);
      if (version === undefined) continue;
      const again = outcome === "repeated";
      if (!again) decided.made.push(version);
      decided.news.push({ alert: version, peakMoney: history.peakMoney(version), again });
    }
    return decided;
  };
}
