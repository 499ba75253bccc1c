import Holidays from "date-holidays";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * Which days are public holidays all over a country, those in place of one on a weekend included; half days and those of
 * some of its regions are not. Years are worked out when they are first asked for (some 20 ms each).
 *
 * Source: date-holidays, its data under CC BY 3.0.
 *
 * @param country ISO 3166 code, such as FR
 * @returns of a number of days since 1970-01-01; undefined where the country is, or where nothing is known of it
 */
export function publicHolidays(country: string | undefined): ((day: number) => boolean) | undefined {
  if (country === undefined) return undefined;
  const calendar = new Holidays(country);
  if (!calendar.getHolidays(2024)?.length) return undefined;
  const years = new Map<number, ReadonlySet<number>>();
  const daysOf = (year: number): ReadonlySet<number> => {
    const known = years.get(year);
    if (known !== undefined) return known;
    const whole = calendar.getHolidays(year).filter(({ type, start, end }) => {
      // A day on which clocks go forward has 23 hours.
      return type === "public" && end.getTime() - start.getTime() > dayMs - 2 * hourMs;
    });
    const days = new Set(
      whole.flatMap(({ date, start, end }) => {
        const first = Date.parse(date.slice(0, 10)) / dayMs;
        return Array.from({ length: Math.round((end.getTime() - start.getTime()) / dayMs) }, (_, i) => first + i);
      }),
    );
    years.set(year, days);
    return days;
  };
  return (day) => {
    const year = new Date(day * dayMs).getUTCFullYear();
    // What is moved off a weekend, or lasts for days, may fall into a neighbour.
    return [year, year - 1, year + 1].some((each) => daysOf(each).has(day));
  };
}
