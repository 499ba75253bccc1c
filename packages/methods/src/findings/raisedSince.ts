import type { Calendar } from "../channel/calendar.ts";
import type { BudgetSettings, Finding } from "./finding.ts";

/** A detector as it would have spoken at a time; what came later must not count. */
export type AskedAsOf = (settings: BudgetSettings, asOfMs: number) => Finding | null;

export interface RaisedFinding {
  readonly finding: Finding;
  /** Start of the local day on which the line was crossed, as near as it was looked for. */
  readonly crossedAtMs: number;
}

/** What was raised stays so until the detector with so much larger a budget has nothing to say either. */
const LOOSER = 4;
const DAYS = 14;
const WEEKS = 24;

/**
 * Whether a finding is raised, and since when, without remembering anything: the detector is asked as of now and as of
 * the ends of earlier days (of two weeks), then of weeks (up to half a year). It is raised at a time when it says so within its
 * budget, and stays raised as long as it still says so at four times that budget: nothing flaps at the line.
 * One question where nothing is found, at most 77 where all of half a year is.
 *
 * @throws RangeError as the detector
 */
export function raisedSince(
  ask: AskedAsOf,
  settings: BudgetSettings,
  asOfMs: number,
  calendar: Calendar,
): RaisedFinding | null {
  const looser = { falseAlarmsPerClientYear: LOOSER * settings.falseAlarmsPerClientYear };
  const loose = ask(looser, asOfMs);
  if (loose === null) return null;
  const strict = ask(settings, asOfMs);
  let startMs = strict === null ? undefined : asOfMs;
  for (const atMs of earlierTimes(asOfMs, calendar)) {
    if (ask(looser, atMs) === null) break;
    if (ask(settings, atMs) !== null) startMs = atMs;
  }
  if (startMs === undefined) return null;
  return { finding: strict ?? loose, crossedAtMs: calendar.dayStartMs(calendar.dayOf(startMs)) };
}

/** Ends of local days, newest first; the weekly ones are Sundays, so that tomorrow asks about the same. */
function* earlierTimes(asOfMs: number, calendar: Calendar): Generator<number> {
  const today = calendar.dayOf(asOfMs);
  for (let day = today; day > today - DAYS; day--) yield calendar.dayStartMs(day) - 1;
  const week = calendar.weekOf(calendar.dayStartMs(today - DAYS) - 1);
  for (let i = 0; i < WEEKS; i++) yield calendar.weekStartMs(week - i) - 1;
}
