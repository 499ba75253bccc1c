import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive, type ProcessRef, processRef } from "./processIdentity.ts";

/**
 * Runs `work` while holding the lock file `path`, waiting for whoever holds it. A holder that died is recognised by
 * its pid and start time, so no lock outlives a crash.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const own = JSON.stringify(processRef(process.pid));
  while (!tryLock(path, own)) {
    if (holderIsGone(path)) rmSync(path, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string, own: string): boolean {
  try {
    writeFileSync(path, own, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function holderIsGone(path: string): boolean {
  try {
    return !isAlive(JSON.parse(readFileSync(path, "utf8")) as ProcessRef);
  } catch (error) {
    // Just removed, or not yet written: look again.
    return !((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError);
  }
}
