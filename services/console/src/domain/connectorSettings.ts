import { type AnyConnector, connectorNamed, connectors } from "@keypulse/connectors";
import { z } from "zod";
import { ApiFault, describeFaults } from "./apiFault.ts";

/** Ways in that have no address: own producers write to the topics themselves, files are read by a command. */
export const doorless: Readonly<Record<string, { title: string; setup(id: string): string }>> = {
  kafka: {
    title: "Own producers, by Kafka",
    setup: (id) =>
      `Write events of the contract to the topic of their kind, with "source": "${id}" and the strongest identifier as the key.`,
  },
  file: { title: "Files of past orders", setup: (id) => `Send a file: npm run import -- FILE --source ${id}` },
};

/** The connector's settings as JSON Schema, as a form or an editor wants them. */
export const settingsJsonSchema = (connector: AnyConnector): Record<string, unknown> =>
  z.toJSONSchema(connector.settings, { io: "input", unrepresentable: "any" }) as Record<string, unknown>;

/** @returns undefined where it has no address @throws ApiFault where there is no connector of that name */
export function requireConnector(name: string): AnyConnector | undefined {
  const connector = connectorNamed(name);
  if (connector !== undefined || Object.hasOwn(doorless, name)) return connector;
  const known = [...connectors.map((known) => known.name), ...Object.keys(doorless)].join(", ");
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
