/** One thing that takes a while, shown to a person as one line. */
export interface Step {
  /** What is going on just now; `fraction` from 0 to 1 where the whole is known. */
  progress(note: string, fraction?: number): void;
  done(note?: string): void;
  fail(note: string): void;
}

/** Begins a step; whoever shows it measures the time from here. */
export type StartStep = (title: string) => Step;

const silent: Step = { progress: () => undefined, done: () => undefined, fail: () => undefined };

/** For callers that show nothing. */
export const silentSteps: StartStep = () => silent;
