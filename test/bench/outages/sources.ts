import { type Calendar, createCalendar } from "@keypulse/methods";
import { publicHolidays } from "@keypulse/methods/holidays";
import { readOnlineRetail } from "../../../infra/src/demo/onlineRetail.ts";

/** Active hours of a source, and where it lives. */
export interface BenchSource {
  readonly hours: readonly number[];
  readonly calendar: Calendar | undefined;
}

type Random = () => number;
const hourMs = 3_600_000;
const firstHour = Date.UTC(2024, 0, 1) / hourMs;
const years = 2;
const lastHour = Date.UTC(2024 + years, 0, 1) / hourMs;
const london = createCalendar("Europe/London");

/** England's bank holidays of the simulated years (gov.uk/bank-holidays). */
const bankHolidays = new Set(
  [
    ...["2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26", "2024-12-25", "2024-12-26"],
    ...["2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26"],
  ].map((day) => Math.floor(Date.parse(day) / hourMs / 24)),
);

/** The same with what is known of all Britain's: England's in August is not. */
const withHolidays = createCalendar("Europe/London", publicHolidays("GB"));

/** Hours that are active when events come at random at a rate an hour. */
function drawn(ratePerHour: (local: number, hour: number) => number, random: Random): BenchSource {
  const hours: number[] = [];
  for (let hour = firstHour; hour < lastHour; hour++) {
    if (random() >= Math.exp(-ratePerHour(london.hourOfWeek(hour), hour))) hours.push(hour);
  }
  return { hours, calendar: london };
}

const atWork = (local: number): boolean => local < 120 && local % 24 >= 8 && local % 24 < 18;
const isHoliday = (hour: number): boolean => bankHolidays.has(Math.floor(hour / 24));
const office =
  (rate: number, holidays: boolean) =>
  (local: number, hour: number): number =>
    atWork(local) && !(holidays && isHoliday(hour)) ? rate : 0;

/** Mailings at random, every ten days in the mean; answers to each fade with a half-life of eight hours. */
function campaigns(random: Random): BenchSource {
  const answers = new Map<number, number>();
  for (let at = firstHour; at < lastHour; at += -Math.log(1 - random()) * 240) {
    for (let passed = 0; passed < 96; passed++) {
      const hour = Math.floor(at) + passed;
      answers.set(hour, (answers.get(hour) ?? 0) + 20 * 0.5 ** (passed / 8));
    }
  }
  return drawn((_, hour) => answers.get(hour) ?? 0, random);
}

/** By name; each draws one source of two years. */
export const simulatedSources: Readonly<Record<string, (random: Random) => BenchSource>> = {
  "web, round the clock, busy": (random) => drawn((local) => (local % 24 < 7 ? 4 : 40), random),
  "web, round the clock, quiet nights": (random) => drawn((local) => (local % 24 < 7 ? 0.4 : 4), random),
  "office, 5 events an hour": (random) => drawn(office(5, false), random),
  "office, 5 events an hour, 8 bank holidays": (random) => drawn(office(5, true), random),
  "office, 0.7 events an hour, 8 bank holidays": (random) => drawn(office(0.7, true), random),
  "office, 5 an hour, 8 bank holidays, 7 known": (random) => ({
    ...drawn(office(5, true), random),
    calendar: withHolidays,
  }),
  "office, 0.7 an hour, 8 bank holidays, 7 known": (random) => ({
    ...drawn(office(0.7, true), random),
    calendar: withHolidays,
  }),
  "orders, 3 a week, office hours": (random) => drawn((local) => (atWork(local) ? 3 / 50 : 0), random),
  "mailings every ten days, in bursts": campaigns,
  "one file a night": (random) => drawn((local) => (local % 24 === 3 ? 20 : 0), random),
  "web whose visits fall to a third after a year": (random) =>
    drawn((local, hour) => (local % 24 < 7 ? 0.3 : 1) / (hour - firstHour > 8_766 ? 3 : 1), random),
};

/** The wholesaler's invoices, whose times are London's clocks: hours of the week are those of the file. */
export async function onlineRetail(): Promise<BenchSource> {
  const hours = new Set<number>();
  for await (const { wallMs } of readOnlineRetail()) hours.add(Math.floor(wallMs / hourMs));
  return { hours: [...hours].sort((a, b) => a - b), calendar: undefined };
}
