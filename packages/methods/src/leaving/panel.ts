import type { PurchaseSummary } from "./purchaseSummary.ts";

/** Clients who are alike in x, t_x and T have the same likelihood: it is computed once for all of them. */
interface AlikeClients {
  readonly repeats: number;
  readonly recency: number;
  readonly exposure: number;
  readonly clients: number;
}

/** What a likelihood needs of all clients, few repeats first. */
export interface Panel {
  readonly rows: readonly AlikeClients[];
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly repeats: number;
  readonly exposure: number;
  /** Sum over all clients; NaN where a repeat buyer has none. */
  readonly logIntervals: number;
}

/**
 * Groups clients into the statistics that are sufficient for all models here. O(clients log clients).
 *
 * @throws RangeError when nobody is there, or a client's numbers can't be: repeats no integer >= 0, times negative or not
 *   finite, recency beyond exposure, repeats in no time, or recency without repeats
 */
export function panelOf(clients: Iterable<PurchaseSummary>): Panel {
  const rows = new Map<string, { repeats: number; recency: number; exposure: number; clients: number }>();
  let [count, repeatBuyers, repeats, exposure, logIntervals] = [0, 0, 0, 0, 0];
  for (const client of clients) {
    checkSummary(client);
    const key = `${client.repeats} ${client.recency} ${client.exposure}`;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { ...timesOf(client), clients: 1 });
    else row.clients++;
    count++;
    exposure += client.exposure;
    if (client.repeats === 0) continue;
    repeatBuyers++;
    repeats += client.repeats;
    logIntervals += client.logIntervals ?? Number.NaN;
  }
  if (count === 0) throw new RangeError("there are no clients to fit a model to");
  const sorted = [...rows.values()].sort((a, b) => a.repeats - b.repeats || a.exposure - b.exposure);
  return { rows: sorted, clients: count, repeatBuyers, repeats, exposure, logIntervals };
}

const timesOf = ({ repeats, recency, exposure }: PurchaseSummary) => ({ repeats, recency, exposure });

/** @throws RangeError as panelOf */
export function checkSummary({ repeats, recency, exposure }: PurchaseSummary): void {
  const given = `repeats ${repeats}, recency ${recency}, exposure ${exposure}`;
  if (!(Number.isInteger(repeats) && repeats >= 0)) throw new RangeError(`repeats must be an integer >= 0: ${given}`);
  if (!(recency >= 0 && recency <= exposure && Number.isFinite(exposure))) {
    throw new RangeError(`0 <= recency <= exposure must hold: ${given}`);
  }
  if (repeats === 0 && recency > 0) throw new RangeError(`recency must be 0 without repeats: ${given}`);
}
