import { z } from "zod";
import { type Connector, MalformedBody } from "../connector.ts";
import { parseJson } from "../json.ts";
import { readOutcome } from "../members.ts";
import { hmac, sameText } from "../signatures.ts";
import { readTopic } from "./topics.ts";

const signatureOf = (secret: string, body: Buffer): string => hmac("sha256", secret, body).toString("base64");

const entities: Record<string, string> = {
  "&amp;": "&",
  "&#038;": "&",
  "&#x26;": "&",
  "&lt;": "<",
  "&#060;": "<",
  "&gt;": ">",
  "&#062;": ">",
  "&quot;": '"',
  "&#039;": "'",
  "&#x27;": "'",
};

/**
 * The shop signs with the decoded secret, but its form may show the encoded one.
 * Source: WooCommerce, class-wc-webhook.php, generate_signature; WordPress, wp_specialchars_decode.
 */
const decodeEntities = (secret: string): string =>
  secret.replace(/&(?:amp|lt|gt|quot|#0(?:38|39|60|62)|#x2[67]);/g, (entity) => entities[entity] ?? entity);

/** Orders and customers of a WooCommerce shop. */
export const woocommerce: Connector = {
  name: "woocommerce",
  title: "WooCommerce",
  kind: "order",
  settings: z.object({}),
  secret: { label: "Secret", origin: "keypulse", where: "the field Secret of the webhook in WooCommerce" },
  setup: (address) => [
    "In WordPress, open WooCommerce → Settings → Advanced → Webhooks and add one for each topic: Order created, Order updated, Order deleted, Order restored, Customer created, Customer updated.",
    `Each has the status Active, the delivery URL ${address}, this source's secret and the API version WP REST API Integration v3.`,
    "WooCommerce sends each message once and switches a webhook off after repeated failures: look at its status now and then.",
  ],
  verify(request, context) {
    const given = request.headers["x-wc-webhook-signature"];
    if (!given) return { ok: false, detail: "the header X-WC-Webhook-Signature is missing" };
    const keys = context.secrets.flatMap((secret) => [secret, decodeEntities(secret)]);
    const fits = keys.map((key) => sameText(given, signatureOf(key, request.body)));
    return fits.includes(true) ? { ok: true } : { ok: false, detail: "the signature fits no secret of the source" };
  },
  /** On saving, the shop sends `webhook_id=N`, unsigned, and shows an error unless it gets exactly 200. */
  handshake(request) {
    if (request.method !== "POST" || request.headers["x-wc-webhook-signature"] !== undefined) return undefined;
    return /^webhook_id=\d{1,20}$/.test(request.body.toString("latin1")) ? { reply: { status: 200 } } : undefined;
  },
  parse(request, context) {
    const body = parseJson(request.body);
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new MalformedBody("the body is not a JSON object");
    }
    const topic = request.headers["x-wc-webhook-topic"] ?? "";
    const outcome = readOutcome(() =>
      readTopic(topic, body as Record<string, unknown>, context.source, context.receivedAt),
    );
    return [{ raw: request.body, ...outcome }];
  },
  sample(address, context) {
    const at = context.receivedAt.toISOString().slice(0, 19);
    const order = {
      id: context.receivedAt.getTime(),
      number: "wiring-test",
      status: "on-hold",
      currency: "EUR",
      total: "0.00",
      customer_id: 0,
      billing: { email: "wiring-test@keypulse.example" },
      line_items: [],
      refunds: [],
      date_created_gmt: at,
      date_modified_gmt: at,
      date_paid_gmt: null,
      date_completed_gmt: null,
    };
    const body = Buffer.from(JSON.stringify(order));
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json",
        "user-agent": "WooCommerce/10.0.0 Hookshot (WordPress/6.8)",
        "x-wc-webhook-source": "https://shop.keypulse.example/",
        "x-wc-webhook-topic": "order.created",
        "x-wc-webhook-resource": "order",
        "x-wc-webhook-event": "created",
        "x-wc-webhook-signature": signatureOf(decodeEntities(context.secrets[0]!), body),
        "x-wc-webhook-id": "1",
        "x-wc-webhook-delivery-id": `wiring-test-${order.id}`,
      },
      body,
    };
  },
};
