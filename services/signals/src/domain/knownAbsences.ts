import type { Calendar, OpenInterval } from "@keypulse/methods";
import { z } from "zod";

/** Local days, both included. */
const awaySchema = z.object({ from: z.iso.date(), until: z.iso.date() });

/** Longer ones are no absence; a slip in a year would keep a client from being watched for good. */
const mostDays = 366;

/** What was said of a client's absence, as JSON. */
export interface SaidAway {
  readonly value: string;
  readonly atMs: number;
}

const dayOfDate = (date: string): number => Date.parse(date) / 86_400_000;

/**
 * When a client is known to be away: a company's holidays, a moved warehouse. Every entry counts, until the field is taken
 * away. Its weeks are then skipped and its silence stands still, as while a source is broken. What is no pair of days is
 * left out.
 */
export function absencesOf(said: readonly SaidAway[], calendar: Calendar): OpenInterval[] {
  let absences: OpenInterval[] = [];
  for (const { value } of said.toSorted((a, b) => a.atMs - b.atMs)) {
    if (value === "null") {
      absences = [];
      continue;
    }
    const { success, data } = awaySchema.safeParse(parseJson(value));
    if (!success) continue;
    const [from, until] = [dayOfDate(data.from), dayOfDate(data.until)];
    if (until < from || until - from >= mostDays) continue;
    absences.push({ startMs: calendar.dayStartMs(from), endMs: calendar.dayStartMs(until + 1) });
  }
  return absences;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
