export * from "./config.ts";
export * from "./health.ts";
export * from "./logger.ts";
export * from "./run.ts";
