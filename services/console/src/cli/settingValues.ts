import { readFileSync } from "node:fs";
import { CommandFault } from "./apiClient.ts";

interface SettingsSchema {
  properties?: Record<string, { type?: string }>;
}

/**
 * Settings from `name=value`: a text where the connector's schema says so, else JSON; `@FILE` is a file's content.
 * @throws CommandFault
 */
export function readSettings(pairs: readonly string[], schema: SettingsSchema): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      if (equals < 1) throw new CommandFault(`--set takes name=value, but got "${pair}".`);
      const name = pair.slice(0, equals);
      const value = readValue(pair.slice(equals + 1));
      const type = schema.properties?.[name]?.type;
      if (type === "string" || type === undefined) return [name, value];
      try {
        return [name, JSON.parse(value)];
      } catch {
        throw new CommandFault(`${name} must be a ${type} in JSON, such as ${type === "array" ? '["a", "b"]' : "1"}.`);
      }
    }),
  );
}

/** @throws CommandFault where a file can't be read */
export function readValue(value: string): string {
  if (!value.startsWith("@")) return value;
  try {
    return readFileSync(value.slice(1), "utf8");
  } catch (error) {
    throw new CommandFault(`${value.slice(1)} can't be read: ${(error as Error).message}`);
  }
}
