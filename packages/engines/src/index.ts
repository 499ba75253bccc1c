export * from "./clickhouse.ts";
export * from "./cloudEvents.ts";
export * from "./heartbeats.ts";
export * from "./kafka.ts";
export * from "./logger.ts";
export * from "./redis.ts";
export * from "./retry.ts";
export * from "./within.ts";
