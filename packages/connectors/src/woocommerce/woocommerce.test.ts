import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { woocommerce } from "./woocommerce.ts";

const sampleText = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8");
const order = JSON.parse(sampleText("order"));
const context = contextOf(woocommerce, { secrets: ["wc-webhook-secret"] });
const delivery = (topic: string, body: string, signature = "none") =>
  providerRequest(body, { "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature });
const parse = (topic: string, body: unknown) =>
  woocommerce.parse(delivery(topic, typeof body === "string" ? body : JSON.stringify(body)), context);
const stepsOf = (body: unknown) =>
  eventsOf(parse("order.updated", body)).map(({ id, type, occurred_at, properties }) => [
    id,
    type,
    occurred_at,
    properties.amount,
  ]);

describe("WooCommerce's signature", () => {
  const body = '{"id":727,"status":"processing","total":"29.35"}';
  const plain = delivery("order.updated", body, "VRUbEkDwVCkG/ELVIqn5FxsisR8RuGZdf2k+z65gKeM=");
  const quoted = delivery("order.updated", body, "AbZ9zr4+LVFJCtqEGyHygJjIF+v/1Mzwxq+BuQyyRE0=");
  const verify = (request: typeof plain, ...secrets: string[]) =>
    woocommerce.verify(request, contextOf(woocommerce, { secrets }), offline);

  it("reproduces the vectors, whichever way the shop shows a secret with special characters", async () => {
    expect(await verify(plain, "wc-webhook-secret")).toEqual({ ok: true });
    expect(await verify(quoted, 'a&b"c')).toEqual({ ok: true });
    expect(await verify(quoted, "a&amp;b&quot;c")).toEqual({ ok: true });
    expect(await verify(quoted, "a&#038;b&quot;c")).toEqual({ ok: true });
    expect(await verify(quoted, "a&amp;amp;b&quot;c")).toMatchObject({ ok: false });
  });

  it("takes two secrets while one is rotated, and no changed body, no other secret, no missing or short signature", async () => {
    expect(await verify(plain, "new", "wc-webhook-secret")).toEqual({ ok: true });
    const changed = { ...plain, body: Buffer.from(body.replace("29.35", "29.36")) };
    expect(await verify(changed, "wc-webhook-secret")).toMatchObject({ ok: false });
    expect(await verify(plain, "new")).toMatchObject({ ok: false });
    expect(await verify(delivery("order.updated", body, "x"), "wc-webhook-secret")).toMatchObject({ ok: false });
    expect(await verify(providerRequest(body), "wc-webhook-secret")).toMatchObject({ ok: false });
  });

  it("answers the unsigned ping with exactly 200, and takes nothing else for a ping", async () => {
    const ping = providerRequest("webhook_id=12", { "Content-Type": "application/x-www-form-urlencoded" });
    expect(await woocommerce.handshake?.(ping, context, offline)).toEqual({ reply: { status: 200 } });
    for (const other of [providerRequest("webhook_id=12&x=1"), providerRequest(body), plain, providerRequest("")]) {
      expect(await woocommerce.handshake?.(other, context, offline)).toBeUndefined();
    }
  });
});

describe("WooCommerce's orders", () => {
  it("tell at every update all that they have gone through, by ids that stay", () => {
    expect(stepsOf({ ...order, status: "pending", date_paid_gmt: null })).toEqual([
      ["order 727:placed", "order.placed", "2026-01-02T03:04:05Z", "29.35"],
    ]);
    const paid = [
      ["order 727:placed", "order.placed", "2026-01-02T03:04:05Z", "29.35"],
      ["order 727:paid", "order.paid", "2026-01-02T03:04:08Z", "29.35"],
    ];
    expect(stepsOf(order)).toEqual(paid);
    const completed = {
      ...order,
      status: "completed",
      date_modified_gmt: "2026-01-09T08:00:00",
      date_completed_gmt: "2026-01-03T08:00:00",
      refunds: [{ id: 728, reason: "damaged", total: "-10.00" }],
    };
    const shipped = [...paid, ["order 727:shipped", "order.shipped", "2026-01-03T08:00:00Z", undefined]];
    const refunded = ["order 727:refund-728", "order.refunded", "2026-01-09T08:00:00Z", "10.00"];
    expect(stepsOf(completed)).toEqual([...shipped, refunded]);
  });

  it.each([
    [
      "refunded",
      "in whole, by a refund",
      [{ id: 730, reason: "", total: "-29.35" }],
      [["order 727:refund-730", "29.35"]],
    ],
    ["refunded", "by status alone", [], [["order 727:refunded", "29.35"]]],
    [
      "refunded",
      "in part, then by status",
      [{ id: 730, total: "-9.30" }],
      [
        ["order 727:refund-730", "9.30"],
        ["order 727:refunded", "20.05"],
      ],
    ],
    ["cancelled", "before a refund", [], [["order 727:cancelled", "29.35"]]],
    [
      "cancelled",
      "after a refund",
      [{ id: 730, total: "-9.30" }],
      [
        ["order 727:refund-730", "9.30"],
        ["order 727:cancelled", "20.05"],
      ],
    ],
  ])("of status %s, %s, take away the whole amount once", (status, _name, refunds, expected) => {
    const steps = stepsOf({ ...order, status, refunds }).slice(2);
    expect(steps.map(([id, , , amount]) => [id, amount])).toEqual(expected);
  });

  it("say who ordered what: unit prices exact from the line's total, customers by their shop", () => {
    expect(eventsOf(parse("order.created", sampleText("order")))[0]).toMatchObject({
      identifiers: { user_id: "woocommerce:s1:customer:5", email: "ana@acme.example", phone: "(555) 555-5555" },
      properties: {
        order_id: "727",
        currency: "EUR",
        company: "Acme",
        items: [
          { sku: "93", name: "Woo Single #1", quantity: "2", unit_price: "3" },
          { sku: "Bar3", name: "Ship Your Idea", quantity: "3", unit_price: "3.3333" },
        ],
      },
    });
    expect(eventsOf(parse("order.created", { ...order, customer_id: 0 }))[0]!.identifiers).toEqual({
      email: "ana@acme.example",
      phone: "(555) 555-5555",
    });
  });

  it("that are drafts, deleted or of other kinds make no event", () => {
    expect(parse("order.updated", { ...order, status: "checkout-draft" })).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse("order.deleted", { id: 727 })).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse("product.updated", { id: 93 })).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse("action.woocommerce_add_to_cart", { arg: 1 })).toMatchObject([{ unused: "unknown_type" }]);
  });

  it("are faults where they lack what WooCommerce documents, and malformed where they aren't objects", () => {
    expect(parse("order.updated", { ...order, total: "1,00" })).toMatchObject([{ fault: "total: is not an amount" }]);
    expect(parse("order.updated", { ...order, date_created_gmt: "yesterday" })).toMatchObject([
      { fault: "date_created_gmt: is not a time such as 2026-01-31T09:30:00" },
    ]);
    for (const body of ["webhook_id=", "[]", "7"]) expect(() => parse("order.updated", body)).toThrow(MalformedBody);
  });

  it("never break the reader", () => {
    const refunded = { ...order, status: "refunded", refunds: [{ id: 728, reason: "damaged", total: "-10.00" }] };
    const completed = { ...order, status: "completed", date_completed_gmt: "2026-01-03T08:00:00" };
    const bodies = nearly([order, refunded, completed, JSON.parse(sampleText("customer"))]);
    for (const topic of ["order.updated", "customer.updated"]) {
      expectElementsOrMalformed(woocommerce, context, bodies, (body) =>
        providerRequest(body, { "X-WC-Webhook-Topic": topic }),
      );
    }
  });
});

describe("WooCommerce's customers", () => {
  it("become known at every change", () => {
    expect(eventsOf(parse("customer.updated", sampleText("customer")))).toMatchObject([
      {
        id: "customer 25:2026-01-02T10:00:00Z",
        type: "identify",
        identifiers: { user_id: "woocommerce:s1:customer:25", email: "john.doe@example.com" },
        traits: { company: "Doe Ltd" },
      },
    ]);
  });
});

describe("WooCommerce's wiring test", () => {
  it("has a sample that passes its own check", async () => {
    const sample = woocommerce.sample("https://collector.example/hooks/s1", context);
    expect(await woocommerce.verify(sample, context, offline)).toEqual({ ok: true });
    expect(sample.headers["x-wc-webhook-signature"]).toBe(
      createHmac("sha256", "wc-webhook-secret").update(sample.body).digest("base64"),
    );
    expect(eventsOf(woocommerce.parse(sample, context))).toMatchObject([{ type: "order.placed" }]);
  });
});
