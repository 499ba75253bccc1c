import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { processRef } from "../processIdentity.ts";

let reaper: ChildProcess | undefined;

/**
 * Has this process ended when ours dies in whatever way, SIGKILL included: a small helper process outlives us by a few
 * seconds and ends what is left. Returns what to call once the process has ended by itself.
 */
export function endWithUs(pid: number): () => void {
  const ref = processRef(pid);
  if (!ref) return () => undefined;
  reaper ??= startReaper();
  reaper.stdin?.write(`+${ref.pid} ${ref.identity}\n`);
  return () => reaper?.stdin?.write(`-${ref.pid}\n`);
}

function startReaper(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL("reaper.mjs", import.meta.url))], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: process.env.PATH },
  });
  // Neither the helper nor its pipe may keep us alive, and its own death must not end us.
  child.unref();
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
