import { z } from "zod";
import { type Connector, MalformedBody, type ProviderRequest } from "../connector.ts";
import { parseJson } from "../json.ts";
import { asInstant, readOutcome } from "../members.ts";
import { hmac, sameText } from "../signatures.ts";
import { readTopic } from "./topics.ts";

/**
 * Deliveries of webhooks name their headers `X-Shopify-…`, those of the newer events `shopify-…`.
 * Source: @shopify/shopify-api, lib/types.ts, ShopifyHeader and ShopifyEventsHeader.
 */
function header(request: ProviderRequest, name: string): string | undefined {
  return request.headers[`x-shopify-${name}`] ?? request.headers[`shopify-${name}`];
}

const signatureOf = (secret: string, body: Buffer): string => hmac("sha256", secret, body).toString("base64");

/** Orders, refunds and customers of a Shopify shop. */
export const shopify: Connector = {
  name: "shopify",
  title: "Shopify",
  kind: "order",
  settings: z.object({}),
  secret: { label: "Client secret", origin: "provider", where: "the app's credentials in Shopify" },
  setup: (address) => [
    "In Shopify, make an app for your shop that may read orders and customers, and copy its client secret into this source.",
    `Subscribe the app to these topics, as JSON, sent to ${address}: orders/create, orders/updated, orders/paid, orders/cancelled, orders/fulfilled, orders/delete, refunds/create, customers/create, customers/update, customers/merge, customers_email_marketing_consent/update.`,
    "orders/updated is the one that must not be missing: edits, returns, payments that fail and refunds that succeed late are told by it alone.",
    "Place an order to test. “Send test notification” in the shop's admin is signed with another secret and will be refused.",
  ],
  verify(request, context) {
    const given = header(request, "hmac-sha256");
    if (!given) return { ok: false, detail: "the header X-Shopify-Hmac-Sha256 is missing" };
    // Every secret is tried: for up to an hour after it was changed, Shopify may sign with the old one.
    const fits = context.secrets.map((secret) => sameText(given, signatureOf(secret, request.body)));
    return fits.includes(true) ? { ok: true } : { ok: false, detail: "the signature fits no secret of the source" };
  },
  parse(request, context) {
    const body = parseJson(request.body);
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new MalformedBody("the body is not a JSON object");
    }
    const name = (header(request, "topic") ?? "").toLowerCase();
    // GraphQL calls the topics ORDERS_CREATE and CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE.
    const topic = name.includes("/") ? name : name.replace(/^(customers(?:_email)?_marketing_consent|[^_]*)_/, "$1/");
    const at = asInstant(header(request, "triggered-at")) ?? context.receivedAt.toISOString();
    return [{ raw: request.body, ...readOutcome(() => readTopic(topic, body as Record<string, unknown>, at)) }];
  },
  sample(address, context) {
    const at = context.receivedAt.toISOString();
    const email = "wiring-test@keypulse.example";
    const order = {
      id: context.receivedAt.getTime(),
      name: "#wiring-test",
      created_at: at,
      email,
      currency: "EUR",
      total_price: "0.00",
      financial_status: "pending",
      line_items: [],
      refunds: [],
      test: false,
    };
    const body = Buffer.from(JSON.stringify(order));
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json",
        "x-shopify-topic": "orders/create",
        "x-shopify-hmac-sha256": signatureOf(context.secrets[0]!, body),
        "x-shopify-shop-domain": "keypulse-wiring-test.myshopify.com",
        "x-shopify-api-version": "2026-07",
        "x-shopify-webhook-id": `wiring-test-${order.id}`,
        "x-shopify-event-id": `wiring-test-${order.id}`,
        "x-shopify-triggered-at": at,
      },
      body,
    };
  },
};
