import { type ChannelHistory, mainSources, type OpenInterval, type SourceWatch } from "@keypulse/methods";
import type { PanelContext } from "./context.ts";

/** The sources that a client's channel is mainly known by. */
export interface SourceState {
  /** One that is suspect now. */
  readonly heldBy: string | undefined;
  /** When they were broken, or the client was known to be away. */
  readonly outages: readonly OpenInterval[];
}

export interface SourceSettings {
  /** A source that fewer clients are known by is not judged: its pause may be theirs. */
  readonly minSourceClients: number;
}

export function sourcesOf(
  activity: ChannelHistory | undefined,
  absences: readonly OpenInterval[],
  panel: PanelContext,
  watch: SourceWatch,
  settings: SourceSettings,
): SourceState {
  const sources = mainSources(activity).filter((source) => isJudged(source, panel, settings));
  return { heldBy: watch.suspect(sources), outages: [...watch.outages(sources), ...absences] };
}

export const isJudged = (source: string, panel: PanelContext, { minSourceClients }: SourceSettings): boolean =>
  (panel.sourceClients.get(source) ?? 0) >= minSourceClients;
