import { clickHouseSettingsShape, kafkaSettingsShape, redisSettingsShape } from "@keypulse/engines";
import { readConfig, serviceSettingsShape, workspaceSettingsShape } from "@keypulse/service-kit";
import { z } from "zod";

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const budget = (fallback: number) => z.coerce.number().gt(0, "must be above 0").max(2).default(fallback);

export const signalsSettingsShape = {
  ...serviceSettingsShape,
  ...workspaceSettingsShape,
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...redisSettingsShape,
  SIGNALS_GROUP: z.string().min(1).default("keypulse-signals"),
  /** The group whose progress says up to when the data is complete. */
  INGEST_GROUP: z.string().min(1).default("keypulse-ingest"),
  /** False alarms a client-year that are accepted, a detector. */
  SIGNALS_DROP_BUDGET: budget(0.25),
  SIGNALS_SILENCE_BUDGET: budget(0.1),
  /** The same of all smaller detectors together; each gets an equal share. */
  SIGNALS_SMALLER_BUDGET: budget(0.1),
  /** fast sees a drop sooner; steady finds more where clients have many holidays, or the budget is .25 or less. */
  SIGNALS_DROP_PRESET: z.enum(["fast", "steady"]).default("fast"),
  /** Clients with fewer repeats than this are not watched for silence. */
  SIGNALS_MIN_REPEATS: whole(3, 1, 100),
  /** A source that fewer clients are known by is not judged: its pause may be theirs. */
  SIGNALS_MIN_SOURCE_CLIENTS: whole(5, 1, 1_000_000),
  /** How long after a week's end its late events are waited for. */
  SIGNALS_WEEK_GRACE_MINUTES: whole(60, 0, 10_080),
  /** How often it is looked whether a day is over that has no forecasts of clients yet. */
  SIGNALS_FORECAST_CHECK_SECONDS: whole(60, 1, 86_400),
  /** How often it is looked whether sources are broken, or back. */
  SIGNALS_SOURCE_CHECK_SECONDS: whole(15, 1, 3_600),
  /** How often it is looked whether people have set another budget. */
  SIGNALS_BUDGET_CHECK_SECONDS: whole(10, 1, 3_600),
  /** So far behind with storing, people are told that alerts wait. Half a minute behind, they wait. */
  SIGNALS_LAG_TOLD_MINUTES: z.coerce.number().min(0.01).max(10_080).default(10),
  /** What makes clients each other's peers, in drops and in models of leaving: unlike businesses order unlike. */
  SIGNALS_SEGMENT_BY: z.enum(["industry", "region", "size", "none"]).default("industry"),
  /** Touched clients are gathered this long and evaluated together. */
  SIGNALS_GATHER_MS: whole(250, 10, 60_000),
};

export type SignalsSettings = z.infer<z.ZodObject<typeof signalsSettingsShape>>;

export const readSignalsConfig = (environment: NodeJS.ProcessEnv = process.env): SignalsSettings =>
  readConfig(signalsSettingsShape, environment);
