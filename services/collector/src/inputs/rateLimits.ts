import type { Source } from "@keypulse/sources";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "./httpServer.ts";

export interface RateLimits {
  /** @throws Refusal 429 with Retry-After where the source sends more than its setting allows */
  ofSource(source: Source): Promise<void>;
  /** @throws Refusal 429 where one address sends too much with one write key */
  ofAddress(source: Source, address: string): Promise<void>;
}

/** Limits of this process: a second process allows as much again. */
export function createRateLimits(requestsAnAddress: number): RateLimits {
  const bySource = new Map<number, RateLimiterMemory>();
  const byAddress = new RateLimiterMemory({ points: requestsAnAddress, duration: 1 });
  const limiterOf = (points: number): RateLimiterMemory => {
    const known = bySource.get(points) ?? new RateLimiterMemory({ points, duration: 1 });
    bySource.set(points, known);
    return known;
  };
  const consume = async (limiter: RateLimiterMemory, key: string, who: string) => {
    try {
      await limiter.consume(key);
    } catch (refused) {
      const seconds = Math.max(1, Math.ceil(((refused as RateLimiterRes).msBeforeNext ?? 1_000) / 1_000));
      throw new Refusal(429, `${who} sends more than ${limiter.points} requests a second`, {
        "retry-after": String(seconds),
        "x-ratelimit-reset": String(seconds),
      });
    }
  };
  return {
    ofSource: (source) => consume(limiterOf(source.requests_a_second), source.id, "this source"),
    ofAddress: (source, address) => consume(byAddress, `${source.id} ${address}`, "this address"),
  };
}
