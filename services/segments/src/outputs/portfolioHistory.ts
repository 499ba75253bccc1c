import type { ClickHouse } from "@keypulse/engines";
import { orderDaysKept } from "@keypulse/warehouse";

export interface StaleMonth {
  /** First day of it. */
  readonly month: string;
  /** What it would be made of now. */
  readonly basis: string;
  /** When it was computed last, in milliseconds; 0 where it never was. */
  readonly after: string;
}

/** The table portfolio_history_log: written here alone. */
export class PortfolioHistory {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /**
   * Months that are over and were not computed yet, or were made of something else: an event came late, clients were
   * joined or taken apart, a limit, a rate or a cost was changed. The oldest first. A month that was computed while all
   * its orders were there stays as it is when retention takes some of them away.
   */
  async stale(): Promise<StaleMonth[]> {
    const [months, daysKept] = await Promise.all([this.#monthsOfPortfolio(), orderDaysKept(this.#clickhouse)]);
    const window = `OVER (ORDER BY months.month ROWS BETWEEN ${months - 1} PRECEDING AND CURRENT ROW)`;
    const age = `dateDiff('day', addMonths(m.month, ${1 - months}), (SELECT today FROM workspace))`;
    const result = await this.#clickhouse.query({
      query: `WITH
          monthly AS
          (
            SELECT toStartOfMonth(day) AS month, sum(r.orders) AS orders, sum(r.gross_here - r.returned_here) AS revenue
            FROM revenue_converted AS r GROUP BY month
          ),
          months AS
          (
            SELECT addMonths(first, arrayJoin(range(toUInt64(greatest(0, dateDiff('month', first, w.today)))))) AS month
            FROM workspace AS w CROSS JOIN (SELECT toStartOfMonth(min(day)) AS first FROM revenue_daily HAVING count() > 0) AS f
          )
        SELECT toString(m.month) AS month, toString(m.basis) AS basis, toString(toUnixTimestamp64Milli(h.computed)) AS after
        FROM
        (
          SELECT months.month AS month, cityHash64(
            sum(monthly.orders) ${window}, sum(monthly.revenue) ${window},
            (SELECT cityHash64(*) FROM portfolio_settings),
            (SELECT (count(), max(version)) FROM identity_clients),
            (SELECT (count(), max(written_at)) FROM product_costs)) AS basis
          FROM months LEFT JOIN monthly ON monthly.month = months.month
        ) AS m
        LEFT JOIN (SELECT month, argMax(basis, computed_at) AS basis, max(computed_at) AS computed FROM portfolio_history_log GROUP BY month) AS h
          ON h.month = m.month
        WHERE h.basis != m.basis
          ${daysKept === undefined ? "" : `AND (h.basis = 0 OR ${age} < ${daysKept})`}
        ORDER BY month`,
      format: "JSONEachRow",
    });
    return await result.json<StaleMonth>();
  }

  async #monthsOfPortfolio(): Promise<number> {
    const result = await this.#clickhouse.query({
      query: "SELECT months FROM portfolio_settings",
      format: "JSONEachRow",
    });
    return (await result.json<{ months: number }>())[0]!.months;
  }

  /** Computes a month, one insert; the same again is stored once. @param nowMs later than that of the computation before */
  async record({ month, basis, after }: StaleMonth, nowMs: number): Promise<void> {
    await this.#clickhouse.command({
      query: `INSERT INTO portfolio_history_log (month, computed_at, basis, client_id, place, orders, revenue, margin, value,
          share, variation, abc, xyz, how_often, rfm)
        SELECT {month: Date}, fromUnixTimestamp64Milli({now: Int64}), {basis: UInt64}, p.client_id, p.place, p.orders,
          p.revenue, p.margin, p.value, p.share, p.variation, p.abc, p.xyz, p.how_often, p.rfm
        FROM portfolio_at(as_of = toLastDayOfMonth({month: Date})) AS p`,
      query_params: { month, basis, now: nowMs },
      clickhouse_settings: {
        async_insert: 0,
        wait_end_of_query: 1,
        insert_deduplicate: 1,
        // With what it follows: a month may come back to what it was made of before.
        insert_deduplication_token: `${month}:${basis}:${after}`,
        max_insert_block_size: "10000000",
        min_insert_block_size_rows: "10000000",
      },
    });
  }
}
