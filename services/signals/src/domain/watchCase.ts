import type { CaseFrame } from "./caseFrame.ts";
import type { Watched } from "./watched.ts";
import { watchMoney } from "./watchMoney.ts";
import { watchPeople } from "./watchPeople.ts";
import { watchStanding } from "./watchStanding.ts";

export interface WatchedCase {
  readonly watched: Watched[];
  /** When a finding is raised if nothing happens; the earliest. */
  readonly nextDeadlineMs: number | undefined;
}

/** All smaller detectors over one client: a pure function of its case file, what clients have in common, its budget and the time. */
export function watchCase(frame: CaseFrame): WatchedCase {
  const people = watchPeople(frame);
  return {
    watched: [...watchMoney(frame), ...people.watched, ...watchStanding(frame)],
    nextDeadlineMs: people.deadlinesMs.length === 0 ? undefined : Math.min(...people.deadlinesMs),
  };
}
