import { type Channel, channels } from "@keypulse/contracts";
import { type ChannelContext, dropPresets, fitChannelContext, mainSources } from "@keypulse/methods";
import type { ClientHistory } from "./clientHistory.ts";

/** What all clients have in common; made from their histories, the same for everybody. */
export interface PanelContext {
  /** Last complete week. */
  lastWeek: number;
  channels: Record<Channel, ChannelContext>;
  /** Clients that each source is a main source of. */
  sourceClients: Map<string, number>;
}

/** Fits what is common to all clients. O(clients × weeks). */
export function buildPanelContext(
  histories: readonly ClientHistory[],
  lastWeek: number,
  asOfMs: number,
  dropBudget: number,
): PanelContext {
  const contextOf = (name: Channel): ChannelContext => {
    const own = histories.flatMap((history) => history.channels[name] ?? []);
    return fitChannelContext(own, lastWeek, asOfMs, dropPresets.fast, dropBudget);
  };
  const sourceClients = new Map<string, number>();
  for (const history of histories) {
    const main = new Set(channels.flatMap((name) => mainSources(history.channels[name])));
    for (const source of main) sourceClients.set(source, (sourceClients.get(source) ?? 0) + 1);
  }
  return { lastWeek, channels: { orders: contextOf("orders"), all: contextOf("all") }, sourceClients };
}
