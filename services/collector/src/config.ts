import { clickHouseSettingsShape, kafkaSettingsShape, redisSettingsShape } from "@keypulse/engines";
import { readConfig, serviceSettingsShape } from "@keypulse/service-kit";
import { secretKeyShape } from "@keypulse/sources";
import { z } from "zod";

export const collectorSettingsShape = {
  ...serviceSettingsShape,
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...redisSettingsShape,
  ...secretKeyShape,
  /** Where providers and SDKs send to; 0 takes any free port. `PORT` is for health and metrics alone. */
  COLLECTOR_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** The address that providers know, where it is not this host and port: signatures cover it. */
  COLLECTOR_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Proxies in front of us whose X-Forwarded-For is believed: addresses or networks, parted by commas. */
  COLLECTOR_TRUSTED_PROXIES: z.string().optional(),
  /** Requests a second of one address with one write key: browsers show their key to everybody. */
  COLLECTOR_REQUESTS_AN_ADDRESS: z.coerce.number().int().min(1).default(100),
};

export type CollectorSettings = z.infer<z.ZodObject<typeof collectorSettingsShape>>;

export const readCollectorConfig = (environment: NodeJS.ProcessEnv = process.env): CollectorSettings =>
  readConfig(collectorSettingsShape, environment);
