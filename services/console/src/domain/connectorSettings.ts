import { type AnyConnector, connectorNamed, connectors } from "@keypulse/connectors";
import { z } from "zod";
import { ApiFault, describeFaults } from "./apiFault.ts";

/** Name that stands for own producers, which write to the topics themselves. */
export const kafkaConnector = "kafka";

/** The connector's settings as JSON Schema, as a form or an editor wants them. */
export const settingsJsonSchema = (connector: AnyConnector): Record<string, unknown> =>
  z.toJSONSchema(connector.settings, { io: "input", unrepresentable: "any" }) as Record<string, unknown>;

/** @returns undefined for own producers @throws ApiFault where there is no connector of that name */
export function requireConnector(name: string): AnyConnector | undefined {
  const connector = connectorNamed(name);
  if (connector !== undefined || name === kafkaConnector) return connector;
  const known = [...connectors.map((known) => known.name), kafkaConnector].join(", ");
  throw new ApiFault(400, "this source can't be", `connector: there is no "${name}"; there are ${known}`);
}

/** Faults of settings, each named; a misspelt name is one too. */
export function settingsFaults(connector: AnyConnector | undefined, settings: Record<string, unknown>): string[] {
  const known = connector === undefined ? [] : Object.keys((settingsJsonSchema(connector).properties as object) ?? {});
  const unknown = Object.keys(settings).filter((name) => !known.includes(name));
  const parsed = connector?.settings.safeParse(settings);
  return [
    ...unknown.map(
      (name) => `settings.${name}: is no setting of this connector, which has ${known.join(", ") || "none"}`,
    ),
    ...(parsed?.success === false ? [describeFaults(parsed.error.issues, "settings")] : []),
  ];
}
