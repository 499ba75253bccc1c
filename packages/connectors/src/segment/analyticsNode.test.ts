import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Analytics } from "@segment/analytics-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParsedElement } from "../connector.ts";
import { eventsOf } from "../testing/requests.ts";
import { readSegmentBody, type SegmentBody } from "./body.ts";
import { mapSegmentMessage } from "./message.ts";
import { segment } from "./segment.ts";

/** What reached the server, read as the collector does. */
const received: { path: string; authorization: string | undefined; body: SegmentBody; elements: ParsedElement[] }[] =
  [];

function take(request: IncomingMessage, bytes: Buffer): void {
  const path = request.url!;
  const body = readSegmentBody(path, bytes);
  const elements = body.messages.map((message) =>
    mapSegmentMessage(message, {
      receivedAt: new Date(),
      sentAt: body.sentAt,
      batchContext: body.context,
      settings: segment.settings.parse({}),
      newId: () => {
        throw new Error("the library gives every message an id");
      },
    }),
  );
  received.push({ path, authorization: request.headers.authorization, body, elements });
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  take(request, Buffer.concat(chunks));
  response.setHeader("content-type", "application/json").end('{"success":true}');
});

describe("What @segment/analytics-node sends", () => {
  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const analytics = new Analytics({ writeKey: "wk_test_1", host: `http://127.0.0.1:${port}`, maxRetries: 0 });
    const timestamp = new Date(Date.now() - 3_600_000);
    const by = { userId: "u-9", timestamp };
    analytics.track({ ...by, event: "Plan Upgraded", properties: { plan: "pro" }, context: { groupId: "c-1" } });
    analytics.track({
      ...by,
      event: "Order Completed",
      properties: { order_id: "o-1", total: 25.1, products: [{ product_id: "p-1", price: 12.55, quantity: 2 }] },
    });
    analytics.identify({ ...by, traits: { email: "ana@acme.example", createdAt: timestamp, plan: null } });
    analytics.group({ ...by, groupId: "c-1", traits: { name: "Acme" } });
    analytics.page({ anonymousId: "a-1", name: "Pricing", properties: { url: "https://acme.example/pricing" } });
    analytics.screen({ anonymousId: "a-1", name: "Home", context: { app: { name: "Acme" } } });
    analytics.alias({ userId: "u-9", previousId: "a-1" });
    await analytics.closeAndFlush({ timeout: 10_000 });
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it("is one batch with the write key, in the header and in the body", () => {
    expect(received).toMatchObject([
      { path: "/v1/batch", authorization: "Basic d2tfdGVzdF8xOg==", body: { writeKey: "wk_test_1" } },
    ]);
  });

  it("arrives as events that keep the contract", () => {
    const events = eventsOf(received.flatMap(({ elements }) => elements));
    expect(events).toMatchObject([
      {
        type: "web.custom",
        identifiers: { account_id: "c-1", user_id: "u-9" },
        properties: { name: "Plan Upgraded", plan: "pro" },
      },
      {
        type: "order.placed",
        identifiers: { user_id: "u-9" },
        properties: {
          order_id: "o-1",
          amount: "25.1",
          currency: "USD",
          items: [{ sku: "p-1", quantity: "2", unit_price: "12.55" }],
        },
      },
      { type: "order.updated", properties: { order_id: "o-1", amount: "25.1", currency: "USD" } },
      {
        type: "identify",
        identifiers: { user_id: "u-9", email: "ana@acme.example" },
        traits: { email: "ana@acme.example", created_at: expect.any(String), plan: null },
      },
      { type: "group", identifiers: { account_id: "c-1", user_id: "u-9" }, traits: { name: "Acme" } },
      {
        type: "web.page_viewed",
        identifiers: { anonymous_id: "a-1" },
        properties: { name: "Pricing", url: "https://acme.example/pricing" },
      },
      { type: "web.page_viewed", properties: { name: "Home", url: "app://Acme/Home" } },
      {
        type: "alias",
        identifiers: { user_id: "u-9" },
        properties: { previous: { user_id: "a-1", anonymous_id: "a-1" } },
      },
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(8);
    const ofMessages = events.filter(({ id }) => !id.startsWith("order o-1:"));
    expect(ofMessages).toHaveLength(6);
    for (const { id } of ofMessages) expect(id).toMatch(/^node-next-\d+-[0-9a-f-]{36}$/);
  });

  it("has the times at which things happened", () => {
    const [first] = eventsOf(received.flatMap(({ elements }) => elements));
    const age = Date.now() - Date.parse(first!.occurred_at);
    expect(age).toBeGreaterThanOrEqual(3_600_000);
    expect(age).toBeLessThan(3_660_000);
  });
});
