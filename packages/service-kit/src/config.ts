import { z } from "zod";

/** Thrown with every fault of a service's settings in one text, one line each. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/**
 * Reads settings from the environment. Empty texts count as not set.
 * @throws ConfigError naming every fault at once: the variable, what is wrong, never its value (it may be a secret).
 */
export function readConfig<S extends z.ZodRawShape>(
  shape: S,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<z.ZodObject<S>> {
  const schema = z.object(shape);
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== "" && value !== undefined),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join(".") || "settings"}: ${issue.message}`);
  throw new ConfigError(`These settings need mending (environment variables):\n${lines.join("\n")}`);
}

/** Settings that every service has. `PORT` 0 takes any free port. */
export const serviceSettingsShape = {
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,80}$/, "must be letters, digits, dot, dash, underscore")
    .default("keypulse."),
};

/** The workspace: whose money and calendar. */
export const workspaceSettingsShape = {
  WORKSPACE_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code in capitals, such as EUR")
    .default("EUR"),
  WORKSPACE_TIMEZONE: z
    .string()
    .refine((zone) => Intl.supportedValuesOf("timeZone").includes(zone) || zone === "UTC", {
      error: "must be an IANA time zone, such as Europe/Paris",
    })
    .default("UTC"),
  WORKSPACE_COUNTRY: z
    .string()
    .regex(
      /^[A-Z]{2}$/,
      "must be an ISO 3166 code in capitals, such as FR: national phone numbers and public holidays belong to it",
    )
    .optional(),
};
