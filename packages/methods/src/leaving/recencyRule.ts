import type { PurchaseSummary } from "./purchaseSummary.ts";

/** Mean gap between purchases of all clients: what stands in for clients who have none. Infinity when nobody repeated. */
export function panelGap(clients: Iterable<PurchaseSummary>): number {
  let [times, repeats] = [0, 0];
  for (const client of clients) {
    times += client.recency;
    repeats += client.repeats;
  }
  return times > 0 ? times / repeats : Number.POSITIVE_INFINITY;
}

/**
 * The plain rule that stands beside the models, for people to see both: time since the last purchase in gaps of the
 * client's own mean. "Three times their usual pause" is 3. Clients without a gap of their own get the panel's.
 */
export function recencyRatio({ repeats, recency, exposure }: PurchaseSummary, gapOfPanel: number): number {
  const gap = recency > 0 ? recency / repeats : gapOfPanel;
  return (exposure - recency) / gap;
}
