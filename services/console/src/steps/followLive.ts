import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse } from "@keypulse/engines";
import { type Arrival, countStored, fromTheBeginning, readArrivals } from "../inputs/storedArrivals.ts";

export type LiveItem =
  | { item: "arrival"; arrival: Arrival }
  /** More arrived than is worth showing. */
  | { item: "skipped"; count: number }
  /** What arrived before was told; from here on it is live. */
  | { item: "live" }
  | { item: "quiet" };

const everyMs = 500;
/** Of the time, the share that a view may keep ClickHouse busy. */
const busyShare = 0.2;
const sayQuietMs = 15_000;

/**
 * What arrived in the last minutes, then what arrives, from what ClickHouse stored: it says what became of each message
 * (accepted, refused, a duplicate, whose client), needs no consumer group, and any number may look.
 * `events` is only read after `source_hourly`, a small table, says that there is more; where reading takes long the
 * pauses grow, so that one view never takes more than a fifth of the time.
 */
export async function* followLive(
  clickhouse: ClickHouse,
  source: string,
  minutes: number,
  signal: AbortSignal,
): AsyncGenerator<LiveItem> {
  const sinceMs = Date.now() - minutes * 60_000;
  const next = fromTheBeginning();
  let stored = -1;
  let saidMs = Date.now();
  for (let round = 0; !signal.aborted; round++) {
    const beganMs = Date.now();
    const storedNow = await countStored(clickhouse, source);
    const { arrivals, skipped } = await readArrivals(clickhouse, {
      source,
      sinceMs,
      next,
      withEvents: storedNow !== stored,
    });
    stored = storedNow;
    if (skipped > 0) yield { item: "skipped", count: skipped };
    for (const arrival of arrivals) yield { item: "arrival", arrival };
    if (round === 0) yield { item: "live" };
    if (arrivals.length > 0) saidMs = Date.now();
    else if (Date.now() - saidMs > sayQuietMs) {
      saidMs = Date.now();
      yield { item: "quiet" };
    }
    const tookMs = Date.now() - beganMs;
    await sleep(Math.max(everyMs, tookMs / busyShare - tookMs), undefined, { signal }).catch(() => {});
  }
}
