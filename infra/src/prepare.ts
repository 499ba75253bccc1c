import { allTopics, topicNames } from "@keypulse/contracts";
import {
  clickHouseSettingsShape,
  connectKafka,
  ensureTopics,
  kafkaSettingsShape,
  silentLogger,
} from "@keypulse/engines";
import { type MigrationReport, migrate, retentionSettingsShape } from "@keypulse/warehouse";
import { z } from "zod";

const settingsSchema = z.object({
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...retentionSettingsShape,
  TOPIC_PREFIX: z.string().default("keypulse."),
  TOPIC_PARTITIONS: z.coerce.number().int().min(1).max(1_000).default(2),
  TOPIC_REPLICATION: z.coerce.number().int().min(1).max(10).default(1),
  WORKSPACE_TIMEZONE: z.string().default("UTC"),
  WORKSPACE_CURRENCY: z.string().default("EUR"),
});

export interface PrepareReport {
  migrations: MigrationReport;
  topicsCreated: string[];
}

/** Applies migrations and creates topics: what services expect to find. Safe to repeat. */
export async function prepareWorkspace(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PrepareReport> {
  const settings = settingsSchema.parse(environment);
  const workspace = { timezone: settings.WORKSPACE_TIMEZONE, currency: settings.WORKSPACE_CURRENCY };
  const migrations = await migrate(settings, workspace, settings.RETENTION_DAYS);
  const admin = connectKafka(settings, "keypulse-prepare", silentLogger).admin();
  await admin.connect();
  try {
    const topics = allTopics(topicNames(settings.TOPIC_PREFIX));
    const topicsCreated = await ensureTopics(
      admin,
      topics.map((topic) => ({ topic, partitions: settings.TOPIC_PARTITIONS })),
      settings.TOPIC_REPLICATION,
    );
    return { migrations, topicsCreated };
  } finally {
    await admin.disconnect();
  }
}
