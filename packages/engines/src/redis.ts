import { Redis } from "ioredis";
import { z } from "zod";
import type { EngineLogger } from "./logger.ts";

/** How to reach Redis or Valkey: `redis://` or `rediss://` (TLS). All keys start with the prefix. */
export const redisSettingsShape = {
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).default("redis://127.0.0.1:16379"),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w:.-]{0,64}$/, "must be letters, digits and :._-")
    .default("keypulse:"),
};

export type RedisSettings = z.infer<z.ZodObject<typeof redisSettingsShape>>;

/**
 * The one place that makes an ioredis client. Commands wait for a lost connection to return instead of failing, so
 * a Redis restart is a pause; `commandTimeoutMs` bounds the wait.
 */
export function connectRedis(
  settings: RedisSettings,
  name: string,
  logger: EngineLogger,
  options: { commandTimeoutMs?: number } = {},
): Redis {
  const redis = new Redis(settings.REDIS_URL, {
    connectionName: name,
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    retryStrategy: (attempt) => Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
    ...(options.commandTimeoutMs === undefined ? {} : { commandTimeout: options.commandTimeoutMs }),
  });
  redis.on("error", (error: Error) => logger.warn({ redis: name, reason: error.message }, "Redis is not reachable"));
  return redis;
}

export type { Redis };
