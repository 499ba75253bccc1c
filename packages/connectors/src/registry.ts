import type { Connector } from "./connector.ts";
import { standardWebhooks } from "./standardWebhooks/standardWebhooks.ts";

/** Every connector, in the order in which people see them. */
export const connectors = [standardWebhooks] as const satisfies readonly Connector[];

/** @returns undefined where there is none of that name */
export const connectorNamed = (name: string): Connector | undefined =>
  (connectors as readonly Connector[]).find((connector) => connector.name === name);
