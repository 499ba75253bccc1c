import { type DestinationStream, type Logger, pino } from "pino";

/** Paths that may hold personal data or secrets, whatever is logged by mistake. */
const personal = [
  "email",
  "phone",
  "name",
  "identifiers",
  "properties",
  "traits",
  "value",
  "password",
  "secret",
  "authorization",
  "url",
];

/** JSON lines on stdout; whoever starts the service in a terminal prints them prettily. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const paths = personal.flatMap((path) => [path, `*.${path}`, `*.*.${path}`]);
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: "[redacted]" },
  };
  return destination ? pino(options, destination) : pino(options);
}

export type { Logger };
