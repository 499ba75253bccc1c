import type { Signal } from "@keypulse/contracts";
import { outageFinding, type SourceWatch } from "@keypulse/methods";
import { changesOf } from "../domain/changes.ts";
import type { PanelContext } from "../domain/context.ts";
import { aboutOwn, idOfOwn } from "../domain/ownSignals.ts";
import { isJudged, type SourceSettings } from "../domain/sourceState.ts";
import type { Watched } from "../domain/watched.ts";
import type { SignalLog } from "../outputs/signalLog.ts";

const idOfSource = (source: string): string => idOfOwn("source", source);

/** Tells marketing ops of sources that broke, and that they are back: one alert an outage. */
export function createWatchOutages(signalLog: SignalLog, currency: string) {
  /** What was broken at the last look; nothing is asked of ClickHouse while that stays so. */
  let told: string | undefined;

  return async (
    watch: SourceWatch,
    panel: PanelContext,
    settings: SourceSettings,
    asOfMs: number,
  ): Promise<Signal[]> => {
    const sources = [...panel.sourceClients.keys()].filter((source) => isJudged(source, panel, settings)).sort();
    const seen = sources.map((source) => ({ source, watched: watchOutage(watch, source, asOfMs) }));
    const broken = seen.flatMap(({ source, watched }) => (watched.finding === undefined ? [] : source)).join();
    if (broken === told) return [];
    const last = await signalLog.last(sources.map(idOfSource));
    const detectedAtMs = Date.now();
    const signals = seen.flatMap(({ source, watched }) => {
      const id = idOfSource(source);
      return changesOf(id, [watched], last.get(id) ?? [], detectedAtMs).map((change) =>
        aboutOwn(change, "source", source, currency),
      );
    });
    await signalLog.write(signals);
    told = broken;
    return signals;
  };
}

function watchOutage(watch: SourceWatch, source: string, asOfMs: number): Watched {
  const now = watch.outageNow(source);
  return {
    ...{ detector: "source_outage", channel: "source", monitored: true, moneyAtStake: 0 },
    finding: now && outageFinding(source, now.outage, asOfMs),
    crossedAtMs: now?.knownMs,
    endReason: `${source} sends events again.`,
    ...{ likelihood: undefined, heldBy: undefined },
  };
}
