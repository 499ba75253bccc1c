import { setTimeout as sleep } from "node:timers/promises";
import { dayMs } from "./calendar.ts";
import { type DemoCompany, type DemoContact, demoCompany } from "./companies.ts";
import {
  agents,
  called,
  type Doing,
  type Mail,
  mailClicked,
  mailDelivered,
  mailOpened,
  mailReplied,
  pages,
  pageViewed,
  productViewed,
} from "./doings.ts";
import { type DemoMessage, demoMessage } from "./event.ts";
import { decimal } from "./onlineRetail.ts";
import type { Random } from "./random.ts";
import { type ClientRhythm, endOfFileMs, hasLeft, type PlacedOrder } from "./rhythm.ts";

const recentDays = 60;
/** So that the busiest client isn't every second one. */
const mostRecentOrders = 12;

interface LiveClient {
  readonly rhythm: ClientRhythm;
  readonly company: DemoCompany;
  /** Recent orders of this client and of those before it in the list. */
  readonly until: number;
}

export interface LiveEvents {
  /** An event of a client that is active just now. */
  next(nowMs: number): DemoMessage;
  /** One event of each source, none worth money: what shows that sources are alive before anybody judges silence. */
  signsOfLife(nowMs: number): DemoMessage[];
}

/**
 * Makes events of now, of the clients that were active in the last 60 days of the history, the busier the more often.
 * Those that fell silent stay silent. Orders come from `online-retail`, so that this source lives on as one would
 * expect; they repeat what the client ordered before. Whatever that source says of now has `demo: true`.
 * @param run what makes ids of this run differ from those of others
 */
export function createLiveEvents(clients: readonly ClientRhythm[], random: Random, run: string): LiveEvents {
  let total = 0;
  const alive = clients
    .filter((client) => !hasLeft(client))
    .flatMap((rhythm): LiveClient[] => {
      const since = endOfFileMs - recentDays * dayMs;
      const recent = rhythm.orders.filter(({ wallMs, products }) => wallMs >= since && products.length > 0).length;
      if (recent === 0) return [];
      total += Math.min(recent, mostRecentOrders);
      return [{ rhythm, company: demoCompany(rhythm.customer, rhythm.country, rhythm.orders.length), until: total }];
    });
  let made = 0;
  const make = (nowMs: number, choose: (scene: Scene) => Doing): DemoMessage => {
    const chosen = random.next() * total;
    const client = alive.find(({ until }) => until > chosen)!;
    const { contacts } = client.company;
    const contact = random.chance(0.75) ? contacts[0]! : random.pick(contacts);
    const id = `live-${run}-${++made}`;
    return demoMessage({ ...choose({ client, contact, random, id, nowMs }), id }, nowMs);
  };
  return {
    next: (nowMs) => make(nowMs, chooseDoing),
    signsOfLife: (nowMs) => [viewPage, writeMail, callByPhone, shipOrder].map((doing) => make(nowMs, doing)),
  };
}

interface Scene {
  readonly client: LiveClient;
  readonly contact: DemoContact;
  readonly random: Random;
  readonly id: string;
  readonly nowMs: number;
}

/** Far fewer orders than in the history: they are worth money, and the stream runs faster than life. */
function chooseDoing(scene: Scene): Doing {
  const dice = scene.random.next();
  if (dice < 0.38) return viewPage(scene);
  if (dice < 0.59) return viewProduct(scene);
  if (dice < 0.89) return writeMail(scene);
  if (dice < 0.96) return callByPhone(scene);
  return dice < 0.985 ? shipOrder(scene) : placeOrder(scene);
}

function viewPage({ client, contact, random }: Scene): Doing {
  return pageViewed(visitor(client, contact), random.pick(pages));
}

function viewProduct({ client, contact, random }: Scene): Doing {
  return productViewed(visitor(client, contact), random.pick(lastOrder(client).products));
}

/** The account as well: this person may not have logged in during the history. */
function visitor({ rhythm }: LiveClient, contact: DemoContact): Doing["identifiers"] {
  return { account_id: rhythm.customer, user_id: contact.userId, anonymous_id: contact.anonymousId };
}

function callByPhone({ client, contact, random }: Scene): Doing {
  const seconds = random.chance(0.85) ? random.whole(40, 900) : undefined;
  const who = contact.phone ? { phone: contact.phone } : { account_id: client.rhythm.customer };
  return called(who, { direction: random.pick(["inbound", "outbound"]), agent: random.pick(agents), seconds });
}

function writeMail({ client, contact, random, nowMs }: Scene): Doing {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const mail: Mail = {
    message_id: `today-${day}-${client.rhythm.customer}@mail.example`,
    subject: "New in the shop today",
    campaign: `today-${day}`,
  };
  const dice = random.next();
  if (dice < 0.5) return mailDelivered(contact, mail);
  if (dice < 0.83) return mailOpened(contact, mail, random.chance(0.2));
  return dice < 0.95 ? mailClicked(contact, mail, random.pick(pages)) : mailReplied(contact, mail);
}

function shipOrder({ client }: Scene): Doing {
  return {
    source: "online-retail",
    type: "order.shipped",
    identifiers: { account_id: client.rhythm.customer },
    properties: { order_id: lastOrder(client).invoice, demo: true },
  };
}

function placeOrder({ client, random, id }: Scene): Doing {
  const { products } = lastOrder(client);
  const items = products.slice(0, random.whole(1, products.length));
  return {
    source: "online-retail",
    type: "order.placed",
    identifiers: { account_id: client.rhythm.customer },
    properties: {
      order_id: id,
      amount: decimal(items.reduce((sum, { quantity, priceMilli }) => sum + quantity * priceMilli, 0)),
      currency: "GBP",
      items: items.map(({ sku, name, quantity, priceMilli }) => ({
        sku,
        ...(name !== "" && { name }),
        quantity: String(quantity),
        unit_price: decimal(priceMilli),
      })),
      demo: true,
    },
  };
}

function lastOrder({ rhythm }: LiveClient): PlacedOrder {
  return rhythm.orders.findLast((order) => order.products.length > 0)!;
}

export interface LiveStream {
  readonly sent: () => number;
  /** Resolves when the event in hand is sent, at the latest after five seconds. */
  stop(): Promise<void>;
}

export interface LiveSettings {
  readonly events: LiveEvents;
  /** Waits as long as it takes: while Kafka is away the stream stands still. */
  readonly send: (message: DemoMessage) => Promise<void>;
  readonly eventsPerSecond: number;
  readonly random: Random;
  readonly onError: (error: Error) => void;
}

/** Sends events at random moments, so many a second in the mean. */
export function startLiveStream(settings: LiveSettings): LiveStream {
  const { events, send, eventsPerSecond, random, onError } = settings;
  const stopping = new AbortController();
  const { signal } = stopping;
  let sent = 0;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const pauseMs = (-Math.log(1 - random.next()) / eventsPerSecond) * 1000;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await send(events.next(Date.now()));
        sent++;
      } catch (error) {
        onError(error as Error);
        await sleep(1_000, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return {
    sent: () => sent,
    stop: async () => {
      stopping.abort();
      await Promise.race([running, sleep(5_000, undefined, { ref: false })]);
    },
  };
}
