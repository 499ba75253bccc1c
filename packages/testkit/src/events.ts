import type { EventKind, EventType } from "@keypulse/contracts";
import { seededRandom } from "@keypulse/methods";

/** An event as a producer would send it. */
export interface SentEvent {
  id: string;
  source: string;
  type: EventType;
  occurred_at: string;
  identifiers: Record<string, string>;
  properties: Record<string, unknown>;
  traits?: Record<string, unknown>;
}

let count = 0;

/** A valid event of any type; give what matters to the test. */
export function buildEvent(type: EventType, given: Partial<SentEvent> = {}): SentEvent {
  count += 1;
  return {
    id: `event-${count}`,
    source: "test",
    type,
    occurred_at: new Date(Date.now() - 60_000).toISOString(),
    identifiers: { account_id: "acme" },
    properties: {
      ...defaultProperties[type],
      // Each is an order of its own, unless a test names one.
      ...(type === "order.placed" && { order_id: `order-${count}` }),
    },
    ...given,
  };
}

const defaultProperties: Partial<Record<EventType, Record<string, unknown>>> = {
  "email.clicked": { link: "https://shop.example/offer" },
  "web.page_viewed": { url: "https://shop.example/" },
  "web.product_viewed": { sku: "A1" },
  "web.form_submitted": { form: "contact" },
  "web.custom": { name: "Signed In" },
  "call.started": { direction: "inbound" },
  "call.completed": { direction: "inbound", duration_seconds: 60 },
  "call.missed": { direction: "inbound" },
  "call.voicemail": { direction: "inbound" },
  "call.message_received": { direction: "inbound" },
  "order.placed": { order_id: "1", amount: "10.00", currency: "EUR" },
  "order.cancelled": { order_id: "1", amount: "10.00", currency: "EUR" },
  "order.refunded": { order_id: "1", amount: "10.00", currency: "EUR" },
  "order.updated": { order_id: "1", state: "placed", amount: "10.00", currency: "EUR" },
  "order.paid": { order_id: "1" },
  "order.shipped": { order_id: "1" },
  "refund.failed": { order_id: "1", refund_id: "r-1" },
  "payment.disputed": { order_id: "1", dispute_id: "d-1", amount: "10.00", currency: "EUR", state: "open" },
};

export interface StreamSettings {
  seed: number;
  events: number;
  clients: number;
  /** Share of events that the sender sends twice, some time later. */
  duplicates: number;
  /** Time of the first event; the stream is one event a `stepMs`. */
  startMs: number;
  stepMs?: number;
}

export interface StreamEvent {
  kind: EventKind;
  /** Kafka key: the strongest identifier. */
  key: string;
  event: SentEvent;
  duplicate: boolean;
}

const kinds: EventKind[] = ["email", "web", "call", "order"];

/** A deterministic stream of events of all kinds, about 450 bytes each, with the sender's duplicates mixed in. */
export function* generateStream(settings: StreamSettings): Generator<StreamEvent> {
  const random = seededRandom(settings.seed);
  const waiting: StreamEvent[] = [];
  for (let i = 0; i < settings.events; i++) {
    const client = Math.floor(random() * settings.clients);
    const kind = kinds[Math.floor(random() * 4)]!;
    const event = streamEvent(kind, i, client, random, settings);
    const made = { kind, key: `account_id:c-${client}`, event, duplicate: false };
    yield made;
    if (random() < settings.duplicates) waiting.push({ ...made, duplicate: true });
    if (waiting.length > 50 || (waiting.length > 0 && random() < 0.1)) {
      yield waiting.splice(Math.floor(random() * waiting.length), 1)[0]!;
    }
  }
  yield* waiting;
}

function streamEvent(
  kind: EventKind,
  i: number,
  client: number,
  random: () => number,
  settings: StreamSettings,
): SentEvent {
  const person = Math.floor(random() * 3);
  const base = {
    id: `${settings.seed}-${i.toString(36).padStart(7, "0")}-3f0b7a9c`,
    source: `stream-${kind}`,
    occurred_at: new Date(settings.startMs + i * (settings.stepMs ?? 1)).toISOString(),
    identifiers: { account_id: `c-${client}`, email: `person${person}@client${client}.example` },
  };
  const trace = { trace_id: `4bf92f3577b34da6-${i.toString(16).padStart(12, "0")}` };
  const page = `https://shop.example/catalogue/section-${i % 40}/product-${i % 997}?ref=newsletter`;
  switch (kind) {
    case "email":
      return {
        ...base,
        type: "email.clicked",
        properties: {
          ...trace,
          message_id: `<campaign-${i % 50}.${client}@mail.example>`,
          subject: "News of the season for you",
          campaign: "season",
          link: page,
        },
      };
    case "web":
      return {
        ...base,
        type: "web.page_viewed",
        identifiers: { ...base.identifiers, anonymous_id: `a-${client}-${person}-5a0e` } as Record<string, string>,
        properties: {
          ...trace,
          url: page,
          title: "Products of the season",
          referrer: "https://search.example/?q=gifts",
          session_id: `s-${i >> 4}`,
          device: "desktop",
          language: "en-GB",
          viewport: "1920x1080",
        },
      };
    case "call":
      return {
        ...base,
        type: "call.completed",
        properties: {
          ...trace,
          call_id: `call-${i}`,
          direction: i % 3 ? "inbound" : "outbound",
          duration_seconds: 30 + (i % 600),
          outcome: "answered",
          agent: "ana",
          note: "Asked about delivery dates and the new price list; wants a call back on Monday",
        },
      };
    case "order": {
      const quantity = 1 + (i % 9);
      const price = ((i % 5000) + 99) / 100;
      const cents = Math.round(price * 100) * quantity;
      return {
        ...base,
        type: "order.placed",
        properties: {
          ...trace,
          order_id: `o-${i}`,
          amount: (cents / 100).toFixed(2),
          currency: "EUR",
          items: [
            {
              sku: `SKU-${i % 997}`,
              name: "Hanging heart light holder",
              quantity: String(quantity),
              unit_price: price.toFixed(2),
            },
          ],
          channel: "web",
        },
      };
    }
  }
}
