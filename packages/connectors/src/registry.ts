import { cloudevents } from "./cloudevents/cloudevents.ts";
import type { AnyConnector } from "./connector.ts";
import { shopify } from "./shopify/shopify.ts";
import { standardWebhooks } from "./standardWebhooks/standardWebhooks.ts";
import { stripe } from "./stripe/stripe.ts";
import { woocommerce } from "./woocommerce/woocommerce.ts";

/** Every connector, in the order in which people see them. */
export const connectors = [
  shopify,
  woocommerce,
  stripe,
  standardWebhooks,
  cloudevents,
] as const satisfies readonly AnyConnector[];

/** @returns undefined where there is none of that name */
export const connectorNamed = (name: string): AnyConnector | undefined =>
  (connectors as readonly AnyConnector[]).find((connector) => connector.name === name);
