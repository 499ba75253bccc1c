import type { ClickHouse } from "@keypulse/engines";
import type { Rate } from "./readRates.ts";

export interface RatesReport {
  readonly days: number;
  readonly currencies: number;
  readonly firstDay: string;
  readonly lastDay: string;
  /** Rates that were not known. */
  readonly added: number;
  /** Rates that were known with another value. */
  readonly corrected: number;
}

const rowsAnInsert = 20_000;

/** Stores what is new or different, so that a file may be loaded as often as one likes. @param tell the share done */
export async function storeRates(
  clickhouse: ClickHouse,
  rates: readonly Rate[],
  tell: (done: number) => void,
): Promise<RatesReport> {
  const days = rates.map(({ day }) => day).toSorted();
  const [firstDay, lastDay] = [days[0]!, days.at(-1)!];
  const known = await readKnown(clickhouse, firstDay, lastDay);
  const wanted = rates.filter(({ day, currency, perEuro }) => known.get(`${currency} ${day}`) !== Number(perEuro));
  const corrected = wanted.filter(({ day, currency }) => known.has(`${currency} ${day}`)).length;
  const loadedAt = Date.now();
  for (let from = 0; from < wanted.length; from += rowsAnInsert) {
    const part = wanted.slice(from, from + rowsAnInsert);
    await clickhouse.insert({
      table: "exchange_rates",
      format: "JSONEachRow",
      values: part.map(({ day, currency, perEuro }) => ({ day, currency, per_euro: perEuro, loaded_at: loadedAt })),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    tell((from + part.length) / wanted.length);
  }
  return {
    days: new Set(days).size,
    currencies: new Set(rates.map(({ currency }) => currency)).size - 1,
    firstDay,
    lastDay,
    added: wanted.length - corrected,
    corrected,
  };
}

async function readKnown(clickhouse: ClickHouse, from: string, to: string): Promise<ReadonlyMap<string, number>> {
  const result = await clickhouse.query({
    query: `SELECT concat(currency, ' ', toString(day)) AS name, toFloat64(toString(per_euro)) AS rate FROM exchange_rates FINAL
      WHERE day BETWEEN {from: Date} AND {to: Date}`,
    query_params: { from, to },
    format: "JSONEachRow",
  });
  return new Map((await result.json<{ name: string; rate: number }>()).map(({ name, rate }) => [name, rate]));
}

export interface MissingRates {
  readonly currency: string;
  readonly days: number;
  readonly first_day: string;
  readonly last_day: string;
  readonly orders: number;
  readonly net: string;
}

/** Amounts that no rate is known for even now. */
export async function readMissing(clickhouse: ClickHouse): Promise<MissingRates[]> {
  const result = await clickhouse.query({
    query: `SELECT currency, toUInt32(days) AS days, first_day, last_day, toUInt32(orders) AS orders, net
      FROM amounts_without_rate ORDER BY currency`,
    format: "JSONEachRow",
  });
  return await result.json<MissingRates>();
}
