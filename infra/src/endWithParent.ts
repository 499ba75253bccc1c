/**
 * Ends this process as SIGTERM would when the process that started it is gone (SIGKILL to it, a closed terminal):
 * nobody else would tell us. For commands that keep engines or services running.
 */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  }, 500).unref();
}
