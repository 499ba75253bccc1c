import { clickHouseSettingsShape, kafkaSettingsShape } from "@keypulse/engines";
import { z } from "zod";
import { StartError } from "./startError.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const settingsSchema = z.object({
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  TOPIC_PREFIX: z.string().default("keypulse."),
  INGEST_GROUP: z.string().default("keypulse-ingest"),
  SIGNALS_GROUP: z.string().default("keypulse-signals"),
  ALERT_GROUP: z.string().default("keypulse-alerts"),
  /** 0 switches the live stream off. */
  DEMO_EVENTS_PER_SECOND: z.coerce.number().min(0).max(100, "must be at most 100: it is a demonstration").default(3),
});

export type Connections = z.infer<typeof settingsSchema>;

/** What `npm start` itself reads of the environment. Empty texts count as not set. @throws StartError naming all faults */
export function readConnections(environment: Environment): Connections {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const result = settingsSchema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new StartError(`These settings need mending (environment variables):\n${faults.join("\n")}`);
}
