import { Interrupted } from "./startError.ts";

export interface Interrupts {
  readonly signal: AbortSignal;
  /** @throws Interrupted after Ctrl-C */
  check(): void;
  /** What the work gives, unless Ctrl-C comes first. @throws Interrupted */
  unlessInterrupted<T>(work: Promise<T>): Promise<T>;
}

/**
 * Ctrl-C (SIGINT), SIGTERM and SIGHUP ask for an end in order; a second one ends this process at once, and with it
 * services and engines (see `endWithUs`).
 */
export function listenForInterrupts(say: (text: string) => void): Interrupts {
  const controller = new AbortController();
  const { signal } = controller;
  const onSignal = (): void => {
    if (signal.aborted) {
      say("Ended at once.");
      process.exit(130);
    }
    controller.abort(new Interrupted("interrupted"));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  return {
    signal,
    check: () => signal.throwIfAborted(),
    unlessInterrupted: async (work) => {
      signal.throwIfAborted();
      const { promise: interrupted, reject } = Promise.withResolvers<never>();
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        return await Promise.race([work, interrupted]);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}
