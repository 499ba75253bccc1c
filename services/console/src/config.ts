import { clickHouseSettingsShape, kafkaSettingsShape, redisSettingsShape } from "@keypulse/engines";
import { identitySettingsShape } from "@keypulse/identity";
import { readConfig, serviceSettingsShape, workspaceSettingsShape } from "@keypulse/service-kit";
import { secretKeyShape } from "@keypulse/sources";
import { z } from "zod";

export const consoleSettingsShape = {
  ...serviceSettingsShape,
  ...workspaceSettingsShape,
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...redisSettingsShape,
  ...identitySettingsShape,
  ...secretKeyShape,
  /** ClickHouse as the analyst: conditions of segments are run with no more rights than that. */
  CLICKHOUSE_ANALYST_URL: z.url({ protocol: /^https?$/ }).default("http://analyst:analyst@127.0.0.1:18123"),
  /** Where the API answers; 0 takes any free port. `PORT` is for health and metrics alone. */
  CONSOLE_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Whoever has it may read and change all sources: sent as `Authorization: Bearer …`. */
  KEYPULSE_API_TOKEN: z
    .string("is needed: at least 20 characters; make one with: openssl rand -base64 32")
    .min(20, "must have at least 20 characters; make one with: openssl rand -base64 32"),
  /** An erasure waits so long, until every worker has heard of it (they look every 5 s) and stored what it had in hand. */
  ERASURE_WAIT_SECONDS: z.coerce.number().min(0).max(3_600).default(15),
  /** And so long for the alerts service to take away what waits to be delivered. */
  ERASURE_ANSWER_SECONDS: z.coerce.number().min(0).max(3_600).default(30),
  /** Where providers and SDKs send to, as they see it. */
  COLLECTOR_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default("http://127.0.0.1:19104")
    .transform((url) => url.replace(/\/+$/, "")),
};

export type ConsoleSettings = z.infer<z.ZodObject<typeof consoleSettingsShape>>;

/** @throws ConfigError naming every fault at once, never a value: secrets are among them. */
export const readConsoleConfig = (environment: NodeJS.ProcessEnv = process.env): ConsoleSettings =>
  readConfig(consoleSettingsShape, environment);
