import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "@keypulse/engines";
import { ApiFault } from "../domain/apiFault.ts";

const lockMs = 10_000;
const lockWithinMs = 5_000;

/** KEYS[1]: the lock; ARGV[1]: the token of who holds it. */
const unlock = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;

/**
 * One change of settings of a kind at a time in the workspace, because ClickHouse itself would take two versions of the
 * same number. @returns what gives the lock back @throws ApiFault 503
 */
export async function takeChangeLock(redis: Redis, key: string): Promise<() => Promise<void>> {
  const token = randomUUID();
  const deadline = Date.now() + lockWithinMs;
  while ((await redis.set(key, token, "PX", lockMs, "NX")) !== "OK") {
    if (Date.now() > deadline) throw new ApiFault(503, "other changes are going on; try again in a moment");
    await sleep(25 + Math.random() * 50);
  }
  return async () => {
    // A lock that can't be given back ends by itself.
    await redis.eval(unlock, 1, key, token).catch(() => 0);
  };
}
