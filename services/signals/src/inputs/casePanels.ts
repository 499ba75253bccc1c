import type { ClickHouse } from "@keypulse/engines";
import { type Calendar, detectConcentrationTrend, fitSilencePrior, raisedSince } from "@keypulse/methods";
import { type CasePanel, RevenueOfAll } from "../domain/casePanel.ts";

/** Shares of the trailing year are asked about as of half a year ago. */
const daysOfRevenue = 560;
const dayMs = 86_400_000;
const monthsOfYear = 12;

/** Reads what all clients have in common for the smaller detectors. Five queries, sums of everybody's rows. */
export class CasePanels {
  readonly #clickhouse: ClickHouse;
  readonly #calendar: Calendar;
  constructor(clickhouse: ClickHouse, calendar: Calendar) {
    this.#clickhouse = clickhouse;
    this.#calendar = calendar;
  }

  /** @param concentrationBudget false alarms a year of the trend of the company as a whole */
  async read(asOfMs: number, concentrationBudget: number): Promise<CasePanel> {
    const [criterion, contactPrior, revenue, concentration] = await Promise.all([
      this.#criterion(),
      this.#contactPrior(asOfMs),
      this.#revenue(asOfMs),
      this.#concentration(asOfMs, concentrationBudget),
    ]);
    return { criterion, contactPrior, revenue, concentration };
  }

  async #criterion(): Promise<CasePanel["criterion"]> {
    const [row] = await this.#rows<CasePanel["criterion"]>(
      "SELECT lost_gaps AS gaps, lost_days AS days, lost_days_first AS daysFirst FROM portfolio_settings",
    );
    return row!;
  }

  async #contactPrior(asOfMs: number): Promise<CasePanel["contactPrior"]> {
    const contacts = await this.#rows<{ days: number[]; first: number }>(
      `SELECT arraySort(groupUniqArray(toUInt16(d.day))) AS days, toUnixTimestamp64Milli(min(d.first_at)) AS first
       FROM activity_daily AS d
       INNER JOIN (
         SELECT key, contact_id FROM identity_map
         WHERE contact_id IN (SELECT contact_id FROM contact_traits_now WHERE trait = 'role' AND value = '"decides"')
       ) AS m ON m.key = d.contact_key
       WHERE d.active > 0 AND d.day <= toDate('${this.#date(asOfMs)}')
       GROUP BY m.contact_id`,
    );
    return fitSilencePrior(
      contacts.map(({ days, first }) => ({ days, firstAtMs: first })),
      asOfMs,
    );
  }

  async #revenue(asOfMs: number): Promise<RevenueOfAll> {
    const days = await this.#rows<{ day: number; amount: number }>(
      `SELECT toUInt16(r.day) AS day, toFloat64(sum(r.gross_here - r.returned_here)) AS amount FROM revenue_converted AS r
       WHERE r.day > toDate('${this.#date(asOfMs - daysOfRevenue * dayMs)}') GROUP BY r.day ORDER BY r.day`,
    );
    return new RevenueOfAll(days);
  }

  async #concentration(asOfMs: number, budget: number): Promise<CasePanel["concentration"]> {
    const months = `portfolio_months_at(as_of = '${this.#date(asOfMs - dayMs)}')`;
    const [indices, [largest]] = await Promise.all([
      this.#rows<{ until: number; index: number | null }>(
        `SELECT toUInt16(addMonths(any(p.since), 1)) AS until,
           toFloat64(sum(pow(toFloat64(greatest(p.revenue, 0)), 2))) / pow(toFloat64(sum(greatest(p.revenue, 0))), 2) AS index
         FROM ${months} AS p GROUP BY p.ago ORDER BY p.ago DESC`,
      ),
      this.#rows<{ client_id: string }>(
        `SELECT client_id FROM ${months} AS p WHERE p.ago < ${monthsOfYear} GROUP BY client_id ORDER BY sum(p.revenue) DESC LIMIT 1`,
      ),
    ]);
    if (largest === undefined) return undefined;
    const known = indices.flatMap(({ until, index }) =>
      index === null ? [] : { atMs: this.#calendar.dayStartMs(until), index },
    );
    const found = raisedSince(
      (settings, atMs) =>
        detectConcentrationTrend(
          known.filter((month) => month.atMs <= atMs),
          settings,
        ),
      { falseAlarmsPerClientYear: budget },
      asOfMs,
      this.#calendar,
    );
    return found === null ? undefined : { largestClientId: largest.client_id, found };
  }

  #date(ms: number): string {
    return new Date(this.#calendar.dayOf(ms) * dayMs).toISOString().slice(0, 10);
  }

  async #rows<T>(query: string): Promise<T[]> {
    const result = await this.#clickhouse.query({
      query,
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_denormals: 0 },
    });
    return await result.json<T>();
  }
}
