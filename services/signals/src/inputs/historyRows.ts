import { type ChannelHistory, NumberPieces } from "@keypulse/methods";
import type { ActivityChannel, ClientHistory, DailyRevenue } from "../domain/clientHistory.ts";

/** A client's acts: days ascending, each as often as it has types, sources and leaf keys. Lists are equally long. */
export interface ActivityRow {
  client_id: string;
  days: number[];
  orders: number[];
  active: number[];
  first_order: number;
  last_order: number;
  first_active: number;
  last_active: number;
  shares: [sources: string[], orders: number[], active: number[]];
}

/** A client's net revenue: each day once, ascending. Lists are equally long. */
export interface RevenueRow {
  client_id: string;
  days: number[];
  amounts: string[];
}

const noRevenue: DailyRevenue = { days: [], amounts: [] };

/** Makes histories of rows, close together in memory: there are a hundred thousand of them at once. */
export class HistoryRows {
  /** As ClickHouse's Date: until 2149. */
  readonly #days = new NumberPieces((length) => new Uint16Array(length));
  /** A client's acts of a day: never four billion. */
  readonly #counts = new NumberPieces((length) => new Uint32Array(length));
  readonly #amounts = new NumberPieces((length) => new Float64Array(length));
  /** Few sources in simple proportions: most clients' shares are another one's too. */
  readonly #shares = new Map<string, ReadonlyMap<string, number>>();

  /** Without its revenue, which comes by itself. */
  historyOf(row: ActivityRow): ClientHistory {
    const [sources, ofOrders, ofAll] = row.shares;
    const channels: Partial<Record<ActivityChannel, ChannelHistory>> = {};
    if (row.orders.some((count) => count > 0)) {
      channels.orders = {
        ...this.#byDay(row.days, row.orders),
        firstAtMs: row.first_order,
        lastAtMs: row.last_order,
        sourceShares: this.#sharesOf(sources, ofOrders),
      };
    }
    channels.all = {
      ...this.#byDay(row.days, row.active),
      firstAtMs: row.first_active,
      lastAtMs: row.last_active,
      sourceShares: this.#sharesOf(sources, ofAll),
    };
    return { clientId: row.client_id, channels, revenue: noRevenue };
  }

  revenueOf(row: RevenueRow): DailyRevenue {
    const days = this.#days.take(row.days.length);
    const amounts = this.#amounts.take(row.days.length);
    days.set(row.days);
    amounts.set(row.amounts.map(Number));
    return { days, amounts };
  }

  /** Counts of the same day together, days without any left out. */
  #byDay(rowDays: readonly number[], rowCounts: readonly number[]): Pick<ChannelHistory, "days" | "counts"> {
    const isNewDay = (i: number, before: number): boolean => rowCounts[i]! > 0 && rowDays[i] !== before;
    let length = 0;
    for (let i = 0, day = -1; i < rowDays.length; i++) {
      if (!isNewDay(i, day)) continue;
      day = rowDays[i]!;
      length++;
    }
    const days = this.#days.take(length);
    const counts = this.#counts.take(length);
    for (let i = 0, at = -1; i < rowDays.length; i++) {
      if (isNewDay(i, days[at] ?? -1)) days[++at] = rowDays[i]!;
      if (at >= 0) counts[at]! += rowCounts[i]!;
    }
    return { days, counts };
  }

  #sharesOf(sources: readonly string[], counts: readonly number[]): ReadonlyMap<string, number> {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const shares = sources.map((source, i) => [source, counts[i]! / total] as const);
    const key = JSON.stringify(shares);
    const known = this.#shares.get(key) ?? new Map(shares);
    this.#shares.set(key, known);
    return known;
  }
}
