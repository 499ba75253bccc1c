import { setTimeout as sleep } from "node:timers/promises";

export interface RetrySettings {
  /** First delay; doubles until `maxDelayMs`. */
  minDelayMs: number;
  maxDelayMs: number;
  /** Tries in all; Infinity never gives up (then only `signal` ends it). */
  attempts: number;
  signal?: AbortSignal | undefined;
  /** Called before each pause; where logs are written. */
  onRetry?: ((error: Error, attempt: number, delayMs: number) => void) | undefined;
  /** Says whether another try can help. Default: always. */
  retryable?: ((error: Error) => boolean) | undefined;
}

/** Runs `work` until it succeeds, with exponential backoff and full jitter (Brooker, AWS 2015). */
export async function retry<T>(work: () => Promise<T>, settings: RetrySettings): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const mayRetry = settings.retryable?.(error) ?? true;
      if (!mayRetry || attempt >= settings.attempts || settings.signal?.aborted) throw error;
      const ceiling = Math.min(settings.maxDelayMs, settings.minDelayMs * 2 ** Math.min(attempt - 1, 20));
      const delayMs = Math.round(settings.minDelayMs / 2 + Math.random() * (ceiling - settings.minDelayMs / 2));
      settings.onRetry?.(error, attempt, delayMs);
      await sleep(delayMs, undefined, settings.signal ? { signal: settings.signal } : {}).catch(() => {});
      if (settings.signal?.aborted) throw error;
    }
  }
}
