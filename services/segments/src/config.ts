import { clickHouseSettingsShape, kafkaSettingsShape, redisSettingsShape } from "@keypulse/engines";
import { readConfig, serviceSettingsShape } from "@keypulse/service-kit";
import { z } from "zod";

export const segmentsSettingsShape = {
  ...serviceSettingsShape,
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...redisSettingsShape,
  /** ClickHouse as the analyst: conditions are run with no more rights than that. */
  CLICKHOUSE_ANALYST_URL: z.url({ protocol: /^https?$/ }).default("http://analyst:analyst@127.0.0.1:18123"),
  SEGMENTS_EVALUATE_EVERY_SECONDS: z.coerce.number().min(1).max(86_400).default(60),
  /** A killed instance's turn is taken over after about two of these. */
  SEGMENTS_LOCK_SECONDS: z.coerce.number().min(1).max(600).default(6),
  SEGMENTS_PORTFOLIO_EVERY_SECONDS: z.coerce.number().min(1).max(86_400).default(600),
};

export type SegmentsSettings = z.infer<z.ZodObject<typeof segmentsSettingsShape>>;

/** @throws ConfigError naming every fault at once, never a value: secrets are among them. */
export const readSegmentsConfig = (environment: NodeJS.ProcessEnv = process.env): SegmentsSettings =>
  readConfig(segmentsSettingsShape, environment);
