import { type ChannelHistory, NumberPieces } from "@keypulse/methods";
import type { ActivityChannel, ClientHistory, DailyRevenue } from "../domain/clientHistory.ts";

/**
 * What is counted, by code: 0 sales, as they stand in the end, whoever told of them; acts by mail, web and phone from 1;
 * 4 orders as acts, whatever became of them; 5 invoices of which no order is told.
 */
export const actKinds = ["email", "web", "call", "order"] as const;
export const actCodes = [0, 1, 2, 3, 4, 5] as const;
const ofInvoices = 5;
const kindCodes = [
  ["email", 1],
  ["web", 2],
  ["call", 3],
] as const;

/** A client's acts: days ascending, each as often as it has types, sources and leaf keys. Lists are equally long. */
export interface ActivityRow {
  client_id: string;
  days: number[];
  codes: number[];
  active: number[];
  /** By code. */
  firsts: number[];
  lasts: number[];
  shares: [sources: string[], ...ofCodes: number[][], ofAll: number[]];
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
    const [sources, ...ofCodes] = row.shares as [string[], ...number[][]];
    const ofCode = (isCounted: (code: number) => boolean): Omit<ChannelHistory, "sourceShares"> => {
      const codes = actCodes.filter(isCounted);
      return {
        ...this.#byDay(
          row.days,
          row.active.map((acts, i) => (isCounted(row.codes[i]!) ? acts : 0)),
        ),
        firstAtMs: codes.reduce((first, code) => Math.min(first, row.firsts[code] || first), Number.POSITIVE_INFINITY),
        lastAtMs: Math.max(...codes.map((code) => row.lasts[code]!)),
      };
    };
    const channels: Partial<Record<ActivityChannel, ChannelHistory>> = {};
    // Who is known by invoices alone buys when he is billed.
    const ofOrders = row.codes.includes(0) ? 0 : ofInvoices;
    for (const [channel, code] of [["orders", ofOrders] as const, ...kindCodes]) {
      if (!row.codes.includes(code)) continue;
      channels[channel] = {
        ...ofCode((other) => other === code),
        sourceShares: this.#sharesOf(sources, ofCodes[code]!),
      };
    }
    const isAct = (code: number) => code > 0 && code !== ofInvoices;
    // Without an act of any kind, what was bought is the sign of life.
    channels.all = row.codes.some(isAct)
      ? { ...ofCode(isAct), sourceShares: this.#sharesOf(sources, ofCodes.at(-1)!) }
      : channels.orders!;
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
    const shares = sources.flatMap((source, i) => (counts[i]! > 0 ? [[source, counts[i]! / total] as const] : []));
    const key = JSON.stringify(shares);
    const known = this.#shares.get(key) ?? new Map(shares);
    this.#shares.set(key, known);
    return known;
  }
}
