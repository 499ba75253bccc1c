/** Heartbeats while a batch is handled, however long an engine is away; aborts when the group says that we are out. */
export function keepBeating(heartbeat: () => Promise<void>, everyMs: number) {
  const controller = new AbortController();
  const beat = {
    signal: controller.signal,
    error: undefined as Error | undefined,
    stop: () => clearInterval(timer),
  };
  const timer = setInterval(() => {
    heartbeat().catch((error: Error) => {
      beat.error ??= error;
      controller.abort();
    });
  }, everyMs);
  return beat;
}
