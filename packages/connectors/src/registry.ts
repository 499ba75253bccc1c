import { aircall } from "./aircall/aircall.ts";
import { callrail } from "./callrail/callrail.ts";
import { cloudevents } from "./cloudevents/cloudevents.ts";
import type { AnyConnector } from "./connector.ts";
import { mailgun } from "./mailgun/mailgun.ts";
import { mappedJson } from "./mappedJson/mappedJson.ts";
import { postmark } from "./postmark/postmark.ts";
import { resend } from "./resend/resend.ts";
import { segment } from "./segment/segment.ts";
import { sendgrid } from "./sendgrid/sendgrid.ts";
import { ses } from "./ses/ses.ts";
import { shopify } from "./shopify/shopify.ts";
import { standardWebhooks } from "./standardWebhooks/standardWebhooks.ts";
import { stripe } from "./stripe/stripe.ts";
import { twilio } from "./twilio/twilio.ts";
import { woocommerce } from "./woocommerce/woocommerce.ts";
import { zoomphone } from "./zoomphone/zoomphone.ts";

/** Every connector, in the order in which people see them. */
export const connectors = [
  sendgrid,
  mailgun,
  postmark,
  ses,
  resend,
  twilio,
  aircall,
  callrail,
  zoomphone,
  segment,
  shopify,
  woocommerce,
  stripe,
  standardWebhooks,
  cloudevents,
  mappedJson,
] as const satisfies readonly AnyConnector[];

/** @returns undefined where there is none of that name */
export const connectorNamed = (name: string): AnyConnector | undefined =>
  (connectors as readonly AnyConnector[]).find((connector) => connector.name === name);
