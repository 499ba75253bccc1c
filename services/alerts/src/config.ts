import { detectors } from "@keypulse/contracts";
import { clickHouseSettingsShape, kafkaSettingsShape, redisSettingsShape } from "@keypulse/engines";
import { readConfig, serviceSettingsShape } from "@keypulse/service-kit";
import { z } from "zod";

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Standard Webhooks' schedule: ten tries in 75 hours and 35 minutes. */
const standardSchedule = "0,5,300,1800,7200,18000,36000,50400,72000,86400";

const scheduleSchema = z
  .string()
  .regex(
    /^\s*\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*\s*$/,
    "must be seconds before each try, parted by commas, such as 0,5,300",
  )
  .transform((text) => text.split(",").map((seconds) => Number(seconds) * 1000))
  .pipe(z.array(z.number().max(30 * 86_400_000, "no pause may be longer than 30 days")).max(50, "at most 50 tries"));

const secretSchema = z.string().refine(
  (secret) => {
    const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
    const bytes = encoded === undefined ? 0 : Buffer.from(encoded, "base64").length;
    return bytes >= 24 && bytes <= 64;
  },
  { error: "must be whsec_ followed by 24 to 64 bytes in base64" },
);

const consumerSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "must be up to 63 letters, digits, _ and -"),
  url: z
    .url({ protocol: /^https?$/, error: "must be an http or https address" })
    .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), { error: "must hold no user or password" }),
  secret: secretSchema,
  detectors: z.array(z.enum(detectors)).min(1).optional(),
  min_money: z.number().nonnegative().optional(),
});

const webhooksSchema = z
  .string()
  .default("[]")
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      // The parser's own words quote the text, which holds secrets.
      context.addIssue({ code: "custom", message: "must be a JSON list of {name, url, secret}" });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(consumerSchema)
      .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, { error: "names must differ" }),
  );

export const alertsSettingsShape = {
  ...serviceSettingsShape,
  ...kafkaSettingsShape,
  ...clickHouseSettingsShape,
  ...redisSettingsShape,
  ALERT_GROUP: z.string().min(1).default("keypulse-alerts"),
  /** Kafka takes a worker for dead after this silence and gives its partitions to others. */
  ALERT_SESSION_TIMEOUT_MS: whole(20_000, 6_000, 300_000),
  /** What crossed its line longer ago than this when it was found is stored, not announced. */
  ALERT_FRESH_DAYS: z.coerce.number().min(0).max(36_500).default(7),
  ALERT_WEBHOOKS: webhooksSchema,
  ALERT_RETRY_SCHEDULE_SECONDS: z.string().default(standardSchedule).pipe(scheduleSchema),
  ALERT_WEBHOOK_TIMEOUT_MS: whole(15_000, 100, 120_000),
  /** Requests to one consumer at a time. */
  ALERT_WEBHOOK_CONCURRENCY: whole(5, 1, 100),
  /** True lets webhooks go to private and loopback addresses. */
  ALERT_WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
  /** Deliveries that Redis lost are found again if their version is not older: the schedule's length, rounded up. */
  ALERT_REQUEUE_DAYS: z.coerce.number().positive().max(60).default(4),
  ALERT_REQUEUE_INTERVAL_SECONDS: z.coerce.number().min(0.1).max(86_400).default(60),
  /** An erasure of a person waits for this. */
  ALERT_FORGET_INTERVAL_SECONDS: z.coerce.number().min(0.1).max(3_600).default(5),
};

export type AlertsSettings = z.infer<z.ZodObject<typeof alertsSettingsShape>>;

/** @throws ConfigError naming every fault at once, never a value: secrets are among them. */
export const readAlertsConfig = (environment: NodeJS.ProcessEnv = process.env): AlertsSettings =>
  readConfig(alertsSettingsShape, environment);
