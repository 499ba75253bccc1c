import { z } from "zod";
import {
  type Connector,
  type ConnectorContext,
  MalformedBody,
  type ProviderRequest,
  type Verification,
} from "../connector.ts";
import { parseJson } from "../json.ts";
import { readOutcome } from "../members.ts";
import { hmac, isRecent, sameText } from "../signatures.ts";
import { readStripeEvent } from "./events.ts";

const toleranceSeconds = 300;

const settings = z.object({
  /** Take what test mode and sandboxes send; otherwise it is kept out of the profiles. */
  sandbox: z.boolean().default(false),
});
export type StripeSettings = z.infer<typeof settings>;

/** What a merchant's account has to send so that every road to a sale, and back, is seen. */
export const neededEvents = [
  ...["completed", "async_payment_succeeded", "async_payment_failed"].map((step) => `checkout.session.${step}`),
  ...["succeeded", "processing", "amount_capturable_updated", "payment_failed", "canceled"].map(
    (step) => `payment_intent.${step}`,
  ),
  ...["succeeded", "captured", "expired", "failed", "refunded"].map((step) => `charge.${step}`),
  ...["created", "updated", "failed"].map((step) => `refund.${step}`),
  ...["created", "updated", "closed"].map((step) => `charge.dispute.${step}`),
  ...["finalized", "paid", "overdue", "payment_failed", "voided", "marked_uncollectible"].map(
    (step) => `invoice.${step}`,
  ),
  "invoice_payment.paid",
  ...["created", "voided"].map((step) => `credit_note.${step}`),
  ...["updated", "paused", "resumed", "deleted"].map((step) => `customer.subscription.${step}`),
  ...["created", "updated"].map((step) => `customer.${step}`),
];

/** The secret is taken as it is, `whsec_` and all: unlike Standard Webhooks', it is not base64. */
const signatureOf = (secret: string, timestamp: string, body: Buffer): string =>
  hmac("sha256", secret, `${timestamp}.`, body).toString("hex");

/** `Stripe-Signature: t=…,v1=…,v1=…,v0=…`; v0 is of test mode and no proof. Source: stripe-node, src/Webhooks.ts. */
function verifySignature(request: ProviderRequest, context: ConnectorContext<StripeSettings>): Verification {
  const header = request.headers["stripe-signature"];
  if (!header) return { ok: false, detail: "the header Stripe-Signature is missing" };
  const parts = header.split(",").map((part) => part.trim().split("=", 2));
  const timestamp = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, detail: "Stripe-Signature has no time (t)" };
  if (!isRecent(Number(timestamp), context.receivedAt, toleranceSeconds)) {
    return { ok: false, detail: `Stripe-Signature is more than ${toleranceSeconds / 60} minutes away from our clock` };
  }
  const given = parts.flatMap(([name, value]) => (name === "v1" && value ? [value] : []));
  const fits = context.secrets.flatMap((secret) => {
    const expected = signatureOf(secret, timestamp, request.body);
    return given.map((signature) => sameText(signature, expected));
  });
  return fits.includes(true) ? { ok: true } : { ok: false, detail: "no signature fits the source's secret" };
}

/** Payments, invoices, refunds and customers of a Stripe account. */
export const stripe: Connector<StripeSettings> = {
  name: "stripe",
  title: "Stripe",
  kind: "order",
  settings,
  secret: { label: "Signing secret", origin: "provider", where: "whsec_… of the event destination in Stripe" },
  setup: (address) => [
    `In Stripe, open Developers → Webhooks and add an endpoint with the address ${address}, with snapshot payloads (not thin ones).`,
    `Choose these events: ${neededEvents.join(", ")}. Each tells what no other does; what isn't chosen is missing from the figures.`,
    "Copy the endpoint's signing secret into this source. Test mode has a secret of its own, and needs a source with the setting “sandbox”.",
  ],
  verify: verifySignature,
  parse(request, context) {
    const body = parseJson(request.body);
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new MalformedBody("the body is not a JSON object");
    }
    const outcome = readOutcome(() => readStripeEvent(body as Record<string, unknown>, context.settings));
    return [{ raw: request.body, ...outcome }];
  },
  sample(address, context) {
    const seconds = Math.floor(context.receivedAt.getTime() / 1000);
    const key = `wiring_test_${context.receivedAt.getTime()}`;
    const body = Buffer.from(
      JSON.stringify({
        id: `evt_${key}`,
        object: "event",
        api_version: "2026-09-30",
        created: seconds,
        type: "checkout.session.completed",
        livemode: !context.settings.sandbox,
        pending_webhooks: 1,
        request: { id: null, idempotency_key: null },
        data: {
          object: {
            id: `cs_${key}`,
            object: "checkout.session",
            amount_total: 0,
            created: seconds,
            currency: "eur",
            customer_details: { email: "wiring-test@keypulse.example" },
            payment_status: "paid",
          },
        },
      }),
    );
    const timestamp = String(seconds);
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": `t=${timestamp},v1=${signatureOf(context.secrets[0]!, timestamp, body)}`,
      },
      body,
    };
  },
};
