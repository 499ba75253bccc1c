import type { Step } from "../engines/steps.ts";

/** A bar by bytes, with the pace and the time that is left. */
export interface ShownProgress {
  /** What was done before this run came to here: the pace is this run's. */
  skipped(bytes: number, events: number): void;
  tell(bytes: number, events: number): void;
  done(events: number): void;
  fail(note?: string): void;
}

export function showProgress(step: Step, size: number): ShownProgress {
  let began = performance.now();
  let from = { bytes: 0, events: 0 };
  const pace = (events: number): string => {
    const seconds = (performance.now() - began) / 1_000;
    return seconds < 0.1 ? "" : `, ${whole((events - from.events) / seconds)} a second`;
  };
  return {
    skipped: (bytes, events) => {
      began = performance.now();
      from = { bytes, events };
    },
    tell: (bytes, events) => {
      const seconds = (performance.now() - began) / 1_000;
      const left = ((size - bytes) * seconds) / Math.max(1, bytes - from.bytes);
      const remaining = seconds < 1 ? "" : `, ${duration(left)} left`;
      step.progress(`${whole(events)} events${pace(events)}${remaining}`, Math.min(1, bytes / size));
    },
    done: (events) => step.done(`${whole(events)} events${pace(events)}`),
    fail: (note = "failed") => step.fail(note),
  };
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const whole = (number: number): string => Math.round(number).toLocaleString("en-GB");
