/** Small sums over lists, written out so that expected answers read as what they mean. */
export const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

export const round = (number: number, places: number): number => Math.round(number * 10 ** places) / 10 ** places;

/** Sums by key. */
export function tally<T, K>(list: Iterable<T>, key: (entry: T) => K | undefined, value: (entry: T) => number) {
  const sums = new Map<K, number>();
  for (const entry of list) {
    const found = key(entry);
    if (found !== undefined) sums.set(found, (sums.get(found) ?? 0) + value(entry));
  }
  return sums;
}

/** Sorted by the first that differs; numbers and texts alike. */
export function sorted<T>(list: Iterable<T>, ...by: readonly ((entry: T) => number | string)[]): T[] {
  return [...list].toSorted((a, b) => {
    for (const of of by) {
      const [left, right] = [of(a), of(b)];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  });
}

export const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
export const monthOf = (day: number): string => `${dateOf(day).slice(0, 7)}-01`;
export const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000;

export function addMonths(month: string, months: number): string {
  const date = new Date(`${month}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 10);
}
