import { clickHouseSettingsShape, kafkaSettingsShape, redisSettingsShape } from "@keypulse/engines";
import { identitySettingsShape } from "@keypulse/identity";
import { saleSettingsShape } from "@keypulse/orders";
import { readConfig, serviceSettingsShape, workspaceSettingsShape } from "@keypulse/service-kit";
import { z } from "zod";

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

export const ingestSettingsShape = {
  ...serviceSettingsShape,
  ...workspaceSettingsShape,
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...redisSettingsShape,
  ...identitySettingsShape,
  ...saleSettingsShape,
  INGEST_GROUP: z.string().min(1).default("keypulse-ingest"),
  /** Partitions that one worker works on at a time. */
  INGEST_CONCURRENCY: whole(3, 1, 64),
  /** Most events of one insert. Larger inserts make fewer parts and hold more memory. */
  INGEST_BATCH_EVENTS: whole(20_000, 1, 200_000),
  /** Most bytes fetched from one partition at once. */
  INGEST_BATCH_BYTES: whole(3.5 * 1024 * 1024, 64 * 1024, 64 * 1024 * 1024),
  /** Kafka answers a fetch at this many bytes, or after the longest wait: that makes the batches. */
  INGEST_MIN_BYTES: whole(256 * 1024, 1, 16 * 1024 * 1024),
  INGEST_MAX_WAIT_MS: whole(250, 10, 5_000),
  /** A worker whose oldest range waits for longer says that it is not ready: work does not get done. */
  INGEST_READY_WITHIN_MS: whole(60_000, 1_000, 3_600_000),
  /** Kafka takes a worker for dead after this silence and gives its partitions to others. */
  INGEST_SESSION_TIMEOUT_MS: whole(20_000, 6_000, 300_000),
};

export type IngestSettings = z.infer<z.ZodObject<typeof ingestSettingsShape>>;

export const readIngestConfig = (environment: NodeJS.ProcessEnv = process.env): IngestSettings =>
  readConfig(ingestSettingsShape, environment);
