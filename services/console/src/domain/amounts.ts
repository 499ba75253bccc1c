import type { DailyRates } from "@keypulse/warehouse";

/** Money as whole ten-thousandths of its currency, exact whatever the sum. */
export type Amount = bigint;

/** Factor of a rate, in whole billionths of thousandths (12 decimals, as ClickHouse keeps them). */
const rateUnits = 10n ** 12n;

/** @param text a decimal number such as "-12.5", with up to `decimals` decimals */
function readDecimal(text: string, decimals: number): bigint {
  const [whole = "0", part = ""] = text.replace("-", "").split(".");
  const units = BigInt(whole + part.padEnd(decimals, "0").slice(0, decimals));
  return text.startsWith("-") ? -units : units;
}

/** Up to so many characters an amount's ten-thousandths are exact as a floating-point number too: read ten times as fast. */
const exactLength = 11;

export const readAmount = (text: string): Amount =>
  text.length <= exactLength ? BigInt(Math.round(Number(text) * 10_000)) : readDecimal(text, 4);
export const amountAsNumber = (amount: Amount): number => Number(amount) / 10_000;

/** Units of the workspace's currency for one of another, from the day it was published on. */
interface DayRate {
  day: number;
  rate: bigint;
}

/** The last rate of that day or before. @param rates oldest first: decades of days, looked up for every foreign amount */
function lastBy(rates: readonly DayRate[], day: number): DayRate | undefined {
  let [from, to] = [0, rates.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (rates[middle]!.day <= day) from = middle + 1;
    else to = middle;
  }
  return rates[from - 1];
}

/** @param rate in rateUnits */
const rateText = (rate: bigint): string => `${rate / rateUnits}.${String(rate % rateUnits).padStart(12, "0")}`;

/** Exchange rates into the workspace's currency. */
export class Rates {
  readonly #own: string;
  readonly #mostDays: number;
  readonly #byCurrency = new Map<string, DayRate[]>();
  readonly #daily = new Map<string, DailyRates>();

  /** @param mostDays a rate older than this converts nothing */
  constructor(own: string, mostDays: number, rows: readonly { currency: string; day: number; rate: string }[]) {
    this.#own = own;
    this.#mostDays = mostDays;
    for (const { currency, day, rate } of rows.toSorted((one, other) => one.day - other.day)) {
      const list = this.#byCurrency.get(currency) ?? [];
      list.push({ day, rate: readDecimal(rate, 12) });
      this.#byCurrency.set(currency, list);
    }
  }

  /** The amount in the workspace's currency at the rate of that day or the last before; undefined where none is known. */
  convert(amount: Amount, currency: string, day: number): Amount | undefined {
    if (currency === this.#own) return amount;
    const rate = this.#rateOn(this.#byCurrency.get(currency) ?? [], day);
    if (rate === undefined) return undefined;
    const product = amount * rate;
    // Half away from zero, as ClickHouse rounds decimals.
    return (product + (product < 0n ? -rateUnits : rateUnits) / 2n) / rateUnits;
  }

  /** The same for each day by which anything of the currency can be converted; undefined where it has no rates. */
  daily(currency: string): DailyRates | undefined {
    const rates = this.#byCurrency.get(currency);
    if (rates === undefined) return undefined;
    let daily = this.#daily.get(currency);
    if (daily === undefined) {
      const since = rates[0]!.day;
      const days = rates.at(-1)!.day + this.#mostDays - since + 1;
      const byDay = Array.from({ length: days }, (_, index) => rateText(this.#rateOn(rates, since + index) ?? 0n));
      daily = { currency, since, byDay: byDay.join(",") };
      this.#daily.set(currency, daily);
    }
    return daily;
  }

  #rateOn(rates: readonly DayRate[], day: number): bigint | undefined {
    const last = lastBy(rates, day);
    return last === undefined || last.rate === 0n || day - last.day > this.#mostDays ? undefined : last.rate;
  }
}
