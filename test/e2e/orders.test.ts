import { createHmac } from "node:crypto";
import { freePorts } from "@keypulse/infra";
import { newWriteKey, SettingsTable, sourceSchema, storeSecret } from "@keypulse/sources";
import {
  createTestWorkspace,
  eventually,
  type ServiceProcess,
  seededRandom,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

type Provider = "woo" | "shopify" | "stripe" | "segment";
interface Webhook {
  from: Provider;
  topic?: string;
  body: Record<string, unknown>;
}

const sealKey = Buffer.alloc(32, 9).toString("base64");
const secrets = { woo: "woo-secret-of-the-test", shopify: "shopify-secret-of-the-test", stripe: "whsec_of_the_test" };
const writeKey = newWriteKey();
const seed = Math.floor(Math.random() * 1e6);
const second = (date: string): number => Date.parse(`2026-10-${date}Z`) / 1000;

const woo = (
  topic: string,
  id: number,
  status: string,
  total: string,
  modified: string,
  more: object = {},
): Webhook => ({
  from: "woo",
  topic,
  body: {
    ...{ id, number: String(id), status, currency: "EUR", total, customer_id: 0 },
    date_created_gmt: "2026-10-05T08:00:00",
    date_modified_gmt: `2026-10-${modified}`,
    date_paid_gmt: null,
    date_completed_gmt: null,
    billing: { email: `woo-${id}@orders.example`, company: "" },
    line_items: [
      {
        id: 1,
        name: "Rope",
        product_id: 3,
        variation_id: 0,
        quantity: 2,
        total,
        price: Number(total) / 2,
        sku: "ROPE",
      },
    ],
    refunds: [],
    ...more,
  },
});
const shopify = (topic: string, body: Record<string, unknown>): Webhook => ({ from: "shopify", topic, body });
const shopifyOrder = (id: number, updated: string, more: object): Record<string, unknown> => ({
  id,
  name: `#S${id}`,
  created_at: "2026-10-05T08:00:00Z",
  processed_at: "2026-10-05T08:00:00Z",
  updated_at: `2026-10-${updated}Z`,
  email: `shopify-${id}@orders.example`,
  customer: { id: id * 10 },
  currency: "EUR",
  refunds: [],
  ...more,
});
let events = 0;
const stripe = (type: string, at: string, object: Record<string, unknown>): Webhook => ({
  from: "stripe",
  body: {
    ...{
      id: `evt_test_${events++}`,
      object: "event",
      api_version: "2026-09-30",
      type,
      created: second(at),
      livemode: true,
    },
    data: { object },
  },
});
const stripeInvoice = (id: string, customer: string, at: string, cents: number, more: object) => ({
  ...{
    id,
    object: "invoice",
    amount_due: cents,
    currency: "eur",
    customer,
    customer_email: `${customer}@orders.example`,
  },
  status_transitions: { finalized_at: second(at), paid_at: second(at) },
  ...more,
});

interface Situation {
  name: string;
  who: string;
  webhooks: Webhook[];
  right: { orders: number; net: number };
}

/** What public reports of other products tell, with payloads of our own. */
const situations: Situation[] = [
  {
    name: "WooCommerce: failed, never paid",
    who: "woo-1@orders.example",
    webhooks: [
      woo("order.created", 1, "pending", "80.00", "05T08:00:00"),
      woo("order.updated", 1, "failed", "80.00", "05T08:01:00"),
    ],
    right: { orders: 0, net: 0 },
  },
  {
    name: "WooCommerce: cancelled for want of payment, then paid",
    who: "woo-2@orders.example",
    webhooks: [
      woo("order.created", 2, "pending", "60.00", "05T08:00:00"),
      woo("order.updated", 2, "cancelled", "60.00", "05T09:00:00"),
      woo("order.updated", 2, "processing", "60.00", "05T10:00:00", { date_paid_gmt: "2026-10-05T10:00:00" }),
    ],
    right: { orders: 1, net: 60 },
  },
  {
    name: "WooCommerce: made by hand at nothing, completed for more",
    who: "woo-3@orders.example",
    webhooks: [
      woo("order.created", 3, "pending", "0.00", "05T08:00:00", { line_items: [] }),
      woo("order.updated", 3, "completed", "330.00", "07T08:00:00", { date_paid_gmt: "2026-10-07T08:00:00" }),
    ],
    right: { orders: 1, net: 330 },
  },
  {
    name: "WooCommerce: paid, then put into the bin",
    who: "woo-4@orders.example",
    webhooks: [
      woo("order.created", 4, "processing", "44.00", "05T08:00:00", { date_paid_gmt: "2026-10-05T08:00:00" }),
      woo("order.updated", 4, "trash", "44.00", "06T08:00:00", { date_paid_gmt: "2026-10-05T08:00:00" }),
    ],
    right: { orders: 0, net: 0 },
  },
  {
    name: "Shopify: a refund that names the order alone",
    who: "shopify-11@orders.example",
    webhooks: [
      shopify(
        "orders/create",
        shopifyOrder(11, "05T08:00:00", {
          total_price: "90.00",
          financial_status: "paid",
          line_items: [{ id: 1, sku: "CUP", title: "Cup", quantity: 9, price: "10.00" }],
        }),
      ),
      shopify("refunds/create", {
        ...{ id: 111, order_id: 11, created_at: "2026-10-07T08:00:00Z", processed_at: "2026-10-07T08:00:00Z" },
        refund_line_items: [
          {
            id: 5,
            quantity: 4,
            line_item_id: 1,
            line_item: { id: 1, sku: "CUP", title: "Cup", quantity: 9, price: "10.00" },
          },
        ],
        transactions: [{ id: 6, kind: "refund", status: "success", amount: "40.00", currency: "EUR" }],
      }),
    ],
    right: { orders: 1, net: 50 },
  },
  {
    name: "Shopify: edited after it was placed",
    who: "shopify-12@orders.example",
    webhooks: [
      shopify(
        "orders/create",
        shopifyOrder(12, "05T08:00:00", {
          total_price: "500.00",
          current_total_price: "500.00",
          financial_status: "pending",
          line_items: [{ id: 1, sku: "BED", title: "Bed", quantity: 5, current_quantity: 5, price: "100.00" }],
        }),
      ),
      shopify(
        "orders/updated",
        shopifyOrder(12, "06T08:00:00", {
          total_price: "500.00",
          current_total_price: "200.00",
          financial_status: "pending",
          line_items: [{ id: 1, sku: "BED", title: "Bed", quantity: 5, current_quantity: 2, price: "100.00" }],
        }),
      ),
    ],
    right: { orders: 1, net: 200 },
  },
  {
    name: "Shopify: a gift card is no revenue until it is used",
    who: "shopify-13@orders.example",
    webhooks: [
      shopify(
        "orders/create",
        shopifyOrder(13, "05T08:00:00", {
          total_price: "120.00",
          financial_status: "paid",
          line_items: [
            { id: 1, sku: "GIFT", title: "Gift card", gift_card: true, quantity: 1, price: "100.00" },
            { id: 2, sku: "PEN", title: "Pen", gift_card: false, quantity: 1, price: "20.00" },
          ],
        }),
      ),
    ],
    right: { orders: 1, net: 20 },
  },
  {
    name: "Stripe: a payment alone, refunded in part",
    who: "pi-alone@orders.example",
    webhooks: [
      stripe("payment_intent.succeeded", "05T08:00:00", {
        id: "pi_t1",
        object: "payment_intent",
        amount: 7000,
        amount_received: 7000,
        currency: "eur",
        customer: "cus_t1",
        receipt_email: "pi-alone@orders.example",
      }),
      stripe("refund.created", "06T08:00:00", {
        id: "re_t1",
        object: "refund",
        amount: 1500,
        currency: "eur",
        payment_intent: "pi_t1",
        status: "succeeded",
      }),
    ],
    right: { orders: 1, net: 55 },
  },
  {
    name: "Stripe: a renewal whose payment does not name its invoice",
    who: "cus_t2@orders.example",
    webhooks: ["05T08:00:00", "06T08:00:00"].flatMap((at, month) => [
      stripe(
        "invoice.paid",
        at,
        stripeInvoice(`in_t2${month}`, "cus_t2", at, 2500, {
          amount_paid: 2500,
          amount_remaining: 0,
          billing_reason: "subscription_cycle",
          parent: { subscription_details: { subscription: "sub_t2" } },
        }),
      ),
      stripe("payment_intent.succeeded", at, {
        id: `pi_t2${month}`,
        object: "payment_intent",
        amount: 2500,
        amount_received: 2500,
        currency: "eur",
        customer: "cus_t2",
        receipt_email: "cus_t2@orders.example",
      }),
    ]),
    right: { orders: 2, net: 50 },
  },
  {
    name: "Stripe: an invoice that was voided",
    who: "cus_t3@orders.example",
    webhooks: [
      stripe(
        "invoice.finalized",
        "05T08:00:00",
        stripeInvoice("in_t3", "cus_t3", "05T08:00:00", 90000, {
          amount_paid: 0,
          amount_remaining: 90000,
          due_date: second("10T08:00:00"),
          status: "open",
        }),
      ),
      stripe(
        "invoice.voided",
        "06T08:00:00",
        stripeInvoice("in_t3", "cus_t3", "05T08:00:00", 90000, {
          amount_paid: 0,
          amount_remaining: 90000,
          due_date: second("10T08:00:00"),
          status: "void",
        }),
      ),
    ],
    right: { orders: 0, net: 0 },
  },
  {
    name: "Stripe: a checkout that is paid days later",
    who: "sepa@orders.example",
    webhooks: [
      stripe("checkout.session.completed", "05T08:00:00", {
        id: "cs_t4",
        object: "checkout.session",
        payment_status: "unpaid",
        amount_total: 61000,
        currency: "eur",
        payment_intent: "pi_t4",
        customer: "cus_t4",
        customer_details: { email: "sepa@orders.example" },
      }),
      stripe("payment_intent.succeeded", "09T08:00:00", {
        id: "pi_t4",
        object: "payment_intent",
        amount_received: 61000,
        currency: "eur",
        customer: "cus_t4",
        receipt_email: "sepa@orders.example",
      }),
    ],
    right: { orders: 1, net: 610 },
  },
  {
    name: "Stripe: one buyer with a new customer number at each checkout",
    who: "often@orders.example",
    webhooks: ["a", "b", "c"].map((n) =>
      stripe("checkout.session.completed", "05T08:00:00", {
        id: `cs_t5${n}`,
        object: "checkout.session",
        payment_status: "paid",
        amount_total: 1000,
        currency: "eur",
        payment_intent: `pi_t5${n}`,
        customer: `cus_t5${n}`,
        customer_details: { email: "often@orders.example" },
      }),
    ),
    right: { orders: 3, net: 30 },
  },
  {
    name: "Segment: a page of thanks that is loaded three times",
    who: "reader-6",
    webhooks: [0, 1, 2].map((n) => ({
      from: "segment" as const,
      topic: "track",
      body: {
        messageId: `thanks-${n}`,
        userId: "reader-6",
        event: "Order Completed",
        timestamp: `2026-10-05T08:0${n}:00Z`,
        properties: {
          order_id: "SG-6",
          total: 75,
          currency: "EUR",
          products: [{ sku: "INK", price: 25, quantity: 3 }],
        },
      },
    })),
    right: { orders: 1, net: 75 },
  },
];

describe(`what became of every order, from the provider's webhook to SQL (seed ${seed})`, () => {
  let workspace: TestWorkspace;
  let services: ServiceProcess[] = [];
  let url = "";

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const environment = {
      ...workspace.environment,
      KEYPULSE_SECRET_KEY: sealKey,
      COLLECTOR_PORT: String(port),
    };
    const now = new Date().toISOString();
    const table = new SettingsTable(workspace.clickhouse, "source");
    const wire = (id: Provider, connector: string, secret: string, key?: string) => {
      const stored = storeSecret(secret, id, Date.now(), key);
      const source = { id, name: id, connector, secrets: [stored], created_at: now, updated_at: now };
      return table.append(id, 1, sourceSchema.parse(source), "test");
    };
    await wire("woo", "woocommerce", secrets.woo, sealKey);
    await wire("shopify", "shopify", secrets.shopify, sealKey);
    await wire("stripe", "stripe", secrets.stripe, sealKey);
    await wire("segment", "segment", writeKey);
    services = await Promise.all([startService("ingest", environment), startService("collector", environment)]);
    // In no order, and each delivered twice, as providers do.
    const random = seededRandom(seed);
    const all = situations.flatMap(({ webhooks }) => [...webhooks, ...webhooks]);
    for (const webhook of all.toSorted(() => random() - 0.5)) await deliver(webhook);
    await workspace.untilIngested();
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await workspace?.close();
  });

  async function deliver({ from, topic = "", body }: Webhook): Promise<void> {
    const text = JSON.stringify(body);
    const hmac = (secret: string, signed: string) => createHmac("sha256", secret).update(signed);
    const at = Math.floor(Date.now() / 1000);
    const headers: Record<Provider, () => Record<string, string>> = {
      woo: () => ({
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-signature": hmac(secrets.woo, text).digest("base64"),
        "x-wc-webhook-delivery-id": String(Math.random()),
      }),
      shopify: () => ({
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": hmac(secrets.shopify, text).digest("base64"),
        "x-shopify-shop-domain": "test.myshopify.com",
      }),
      stripe: () => ({ "stripe-signature": `t=${at},v1=${hmac(secrets.stripe, `${at}.${text}`).digest("hex")}` }),
      segment: () => ({ authorization: `Basic ${Buffer.from(`${writeKey}:`).toString("base64")}` }),
    };
    const response = await fetch(from === "segment" ? `${url}/v1/${topic}` : `${url}/hooks/${from}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers[from]() },
      body: text,
    });
    expect(response.status, `${from} ${topic}`).toBe(200);
    await response.arrayBuffer();
  }

  it.each(situations.map(({ name, ...situation }) => [name, situation] as const))(
    "%s",
    async (_name, { who, right }) => {
      const of = `client_id IN (SELECT client_id FROM identities WHERE value = '${who}')`;
      const [client] = await workspace.rows(
        `SELECT toInt32(orders) AS orders, toFloat64(revenue_net) AS net FROM clients WHERE ${of}`,
      );
      expect(client).toEqual(right);
      const [sums] = await workspace.rows(
        `SELECT toInt32((SELECT countIf(counts) FROM orders WHERE ${of})) AS orders,
        toFloat64((SELECT sum(amount) FROM order_movements WHERE ${of})) AS net,
        toFloat64((SELECT sum(change) FROM order_history WHERE ${of})) AS changes`,
      );
      expect(sums).toEqual({ ...right, changes: right.net });
    },
  );

  it("counts pieces that came back, and no bill twice", async () => {
    expect(
      await workspace.rows(
        "SELECT sku, toFloat64(quantity) AS pieces FROM (SELECT sku, sum(quantity) AS quantity FROM order_items WHERE sku IN ('CUP', 'BED', 'GIFT', 'INK') GROUP BY sku) ORDER BY sku",
      ),
    ).toEqual([
      { sku: "BED", pieces: 2 },
      { sku: "CUP", pieces: 5 },
      { sku: "INK", pieces: 3 },
    ]);
    expect(
      await workspace.rows(
        "SELECT number, state, toFloat64(amount_paid) AS paid, toFloat64(amount_owed) AS owed FROM payments WHERE source = 'stripe' AND number NOT LIKE 'pi%' ORDER BY number",
      ),
    ).toEqual([
      { number: "in_t20", state: "paid", paid: 25, owed: 0 },
      { number: "in_t21", state: "paid", paid: 25, owed: 0 },
      { number: "in_t3", state: "voided", paid: 0, owed: 0 },
    ]);
  });

  it("moves an order's refunds with the client when people join it with another, and back", async () => {
    const [row] = await workspace.rows<{ key: string }>(
      "SELECT toString(client_key) AS key FROM client_orders FINAL WHERE order_id = '11' AND NOT gone",
    );
    const other = "eeeeeeee-0000-8000-8000-eeeeeeeeeeee";
    const mapped = (version: number, client: string) =>
      workspace.clickhouse.insert({
        table: "identity_clients",
        values: [{ key: row!.key, client_id: client, version }],
        format: "JSONEachRow",
        clickhouse_settings: { async_insert: 0 },
      });
    const ownerOf = () => workspace.rows("SELECT DISTINCT client_id FROM order_movements WHERE order_id = '11'");
    const before = await ownerOf();
    expect(before).toHaveLength(1);
    await mapped(1e6, other);
    await eventually(ownerOf, (rows) => JSON.stringify(rows) === JSON.stringify([{ client_id: other }]));
    await mapped(1e6 + 1, row!.key);
    await eventually(ownerOf, (rows) => JSON.stringify(rows) === JSON.stringify(before));
  });
});
