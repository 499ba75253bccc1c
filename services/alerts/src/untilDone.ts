import { type EngineLogger, retry } from "@keypulse/engines";

/** Tries until it succeeds. @throws the last error where the service stops, or `lost` aborts. */
export type UntilDone = <T>(step: string, work: () => Promise<T>, lost?: AbortSignal) => Promise<T>;

/** Nothing is given up because an engine is away: the work waits. */
export function createUntilDone(logger: EngineLogger, stopping: AbortSignal): UntilDone {
  return async (step, work, lost) =>
    await retry(work, {
      minDelayMs: 100,
      maxDelayMs: 5_000,
      attempts: Number.POSITIVE_INFINITY,
      signal: lost ? AbortSignal.any([lost, stopping]) : stopping,
      onRetry: (error, attempt, delayMs) =>
        logger.warn({ step, attempt, delayMs, reason: describeError(error) }, "trying again"),
    });
}

/** Codes and kinds only: messages of ClickHouse quote rows. */
export function describeError(error: Error): string {
  const { code } = error as { code?: string };
  return code ? `${error.name} ${code}` : error.message.slice(0, 200);
}
