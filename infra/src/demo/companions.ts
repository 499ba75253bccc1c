import { dayMs, startOfDay, type WallMs } from "./calendar.ts";
import { type DemoCompany, type DemoContact, demoCompany } from "./companies.ts";
import {
  agents,
  called,
  type Doing,
  loggedIn,
  type Mail,
  mailClicked,
  mailDelivered,
  mailOpened,
  mailReplied,
  pages,
  pageViewed,
  productViewed,
} from "./doings.ts";
import type { HistoricEvent } from "./event.ts";
import { type Random, seededRandom } from "./random.ts";
import { type ClientRhythm, endOfFileMs, hasLeft, type PlacedOrder, usualGapMs } from "./rhythm.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Tuesdays of every fourth week of the file. */
const firstNewsletter = startOfDay("2010-12-07");
const newsletterEveryMs = 28 * dayMs;
/** Newsletters still go out for so long to clients that answer nothing. */
const patienceMs = 42 * dayMs;

interface Timed {
  readonly wallMs: WallMs;
  readonly doing: Doing;
}

/** A while at the shop; nobody is known by name before their first visit ends. */
interface Visit {
  readonly wallMs: WallMs;
  readonly contact: DemoContact;
  readonly order: PlacedOrder;
  readonly products: number;
  /** Ends at the basket. */
  readonly buys: boolean;
}

interface Story {
  readonly client: ClientRhythm;
  readonly company: DemoCompany;
  readonly random: Random;
  readonly gapMs: number;
  /** From here on the client does nothing more but order: a client that leaves goes quiet a little before or after. */
  readonly quietFromMs: WallMs;
  /** 0 to 1: how likely mails are opened, answered, and orders talked about by phone. */
  readonly opens: number;
  readonly replies: number;
  readonly calls: number;
  /** Visits in two weeks. */
  readonly visits: number;
  /** Its mail is opened by a filter first. */
  readonly filtered: boolean;
}

/**
 * What a client did beside ordering, made up: the same for the same rhythm, always. In the order of time, on the
 * file's days.
 */
export function companionsOf(client: ClientRhythm): HistoricEvent[] {
  const story = begin(client);
  const doings = [
    ...introduced(story),
    ...client.orders.flatMap((order) => confirmed(story, order)),
    ...newsletters(story),
    ...client.orders.flatMap((order) => phoned(story, order)),
    ...visitedShop(story),
  ];
  const counts = new Map<string, number>();
  return doings
    .filter(({ wallMs }) => wallMs < endOfFileMs)
    .sort((a, b) => a.wallMs - b.wallMs)
    .map(({ wallMs, doing }) => {
      const count = (counts.get(doing.source) ?? 0) + 1;
      counts.set(doing.source, count);
      return { ...doing, id: `${doing.source.slice("demo-".length)}-${client.customer}-${count}`, wallMs };
    });
}

function begin(client: ClientRhythm): Story {
  const random = seededRandom(`client ${client.customer}`);
  const gapMs = usualGapMs(client);
  const last = client.orders.at(-1)?.wallMs ?? client.firstMs;
  const swing = (random.next() * 1.1 - 0.4) * Math.min(gapMs, 45 * dayMs);
  return {
    client,
    company: demoCompany(client.customer, client.country, client.orders.length),
    random,
    gapMs,
    quietFromMs: hasLeft(client) ? last + swing : endOfFileMs,
    opens: 0.25 + 0.5 * random.next(),
    replies: 0.02 + 0.1 * random.next(),
    calls: 0.05 + 0.4 * random.next(),
    visits: 0.2 + random.next(),
    filtered: random.chance(0.15),
  };
}

/** The customer system learns of the client before its first invoice, and of its contacts one after the other. */
function introduced({ client, company, random }: Story): Timed[] {
  const account = { account_id: client.customer };
  const wallMs = client.firstMs - random.whole(10, 2 * 24 * 60) * minuteMs;
  const group: Doing = {
    source: "demo-crm",
    type: "group",
    identifiers: account,
    properties: {},
    traits: {
      name: company.name,
      industry: company.industry,
      country: client.country,
      website: `https://${company.domain}`,
    },
  };
  return [
    { wallMs, doing: group },
    ...company.contacts.map((contact, index) => ({
      wallMs: index === 0 ? wallMs + minuteMs : (client.orders[index * 2]?.wallMs ?? client.firstMs) - 5 * minuteMs,
      doing: {
        source: "demo-crm",
        type: "identify",
        identifiers: { ...account, email: contact.email, ...(contact.phone && { phone: contact.phone }) },
        properties: {},
        traits: { name: contact.name, role: contact.role },
      } satisfies Doing,
    })),
  ];
}

function confirmed(story: Story, order: PlacedOrder): Timed[] {
  const { client, company, random } = story;
  const mail: Mail = {
    message_id: `order-${order.invoice}@mail.example`,
    subject: `Your order ${order.invoice}`,
    campaign: "order-confirmation",
  };
  const sentMs = order.wallMs + random.whole(1, 5) * minuteMs;
  return mailed(story, buyerOf(company, client, order.wallMs, random), mail, sentMs);
}

function newsletters(story: Story): Timed[] {
  const { client, company, random, quietFromMs } = story;
  const timed: Timed[] = [];
  const untilMs = Math.min(quietFromMs + patienceMs, endOfFileMs);
  for (let sentMs = firstNewsletter, issue = 1; sentMs < untilMs; sentMs += newsletterEveryMs, issue++) {
    if (sentMs < client.firstMs || client.orders.length === 0) continue;
    const mail: Mail = {
      message_id: `news-${issue}-${client.customer}@mail.example`,
      subject: `What is new this month (${issue})`,
      campaign: `news-${issue}`,
    };
    const atMs = sentMs + 9 * hourMs + random.whole(0, 30) * minuteMs;
    timed.push(...mailed(story, company.contacts[0]!, mail, atMs));
  }
  return timed;
}

/** A mail and what became of it. */
function mailed(story: Story, contact: DemoContact, mail: Mail, sentMs: WallMs): Timed[] {
  const { random, opens, replies, filtered, quietFromMs } = story;
  const timed: Timed[] = [{ wallMs: sentMs, doing: mailDelivered(contact, mail) }];
  if (filtered) {
    timed.push({ wallMs: sentMs + random.whole(2, 50) * 1000, doing: mailOpened(contact, mail, true) });
  }
  const openedMs = sentMs + random.whole(4, 7 * 60) * minuteMs;
  if (!random.chance(opens) || openedMs > quietFromMs) return timed;
  timed.push({ wallMs: openedMs, doing: mailOpened(contact, mail, false) });
  if (mail.campaign !== "order-confirmation" && random.chance(0.3)) {
    const clickedMs = openedMs + random.whole(10, 90) * 1000;
    timed.push({ wallMs: clickedMs, doing: mailClicked(contact, mail, random.pick(pages)) });
  }
  if (random.chance(replies)) {
    timed.push({ wallMs: openedMs + random.whole(5, 90) * minuteMs, doing: mailReplied(contact, mail) });
  }
  return timed;
}

/** Talk around an order: the more money, the longer. */
function phoned(story: Story, order: PlacedOrder): Timed[] {
  const { client, company, random, calls, quietFromMs } = story;
  if (!random.chance(calls)) return [];
  const contact = buyerOf(company, client, order.wallMs, random);
  const who = contact.phone ? { phone: contact.phone } : { account_id: client.customer };
  const call = {
    direction: random.chance(0.6) ? ("inbound" as const) : ("outbound" as const),
    agent: random.pick(agents),
    seconds: Math.round(60 + 60 * weight(order) * (0.5 + 2 * random.next())),
  };
  const atMs = workingTime(order.wallMs - random.whole(-2, 2) * dayMs, random);
  if (atMs < client.firstMs || atMs > quietFromMs) return [];
  if (!random.chance(0.15)) return [{ wallMs: atMs, doing: called(who, call) }];
  const againMs = atMs + random.whole(10, 90) * minuteMs;
  return [
    { wallMs: atMs, doing: called(who, { ...call, seconds: undefined }) },
    { wallMs: againMs, doing: called(who, call) },
  ];
}

function visitedShop(story: Story): Timed[] {
  const known = new Set<DemoContact>();
  return planVisits(story)
    .filter((visit) => visit.buys || visit.wallMs < story.quietFromMs)
    .sort((a, b) => a.wallMs - b.wallMs)
    .flatMap((visit) => {
      const { contact } = visit;
      const stranger = !known.has(contact);
      known.add(contact);
      const { anonymousId: anonymous_id, userId: user_id } = contact;
      const timed = visited(visit, stranger ? { anonymous_id } : { user_id, anonymous_id }, story.random);
      const endMs = timed.at(-1)!.wallMs;
      if (stranger) timed.push({ wallMs: endMs + 20_000, doing: loggedIn(contact) });
      return timed;
    });
}

/** Visits before each order at the client's own pace, the last of them to the basket; and after the last order. */
function planVisits(story: Story): Visit[] {
  const { client, company, random, gapMs, visits } = story;
  const plan: Visit[] = [];
  const browse = (fromMs: WallMs, untilMs: WallMs, order: PlacedOrder): void => {
    const expected = (visits * Math.min(untilMs - fromMs, 1.5 * gapMs, 60 * dayMs)) / (14 * dayMs);
    for (let count = Math.floor(expected + random.next()); count > 0; count--) {
      const wallMs = workingTime(fromMs + (untilMs - fromMs) * random.next(), random);
      const contact = buyerOf(company, client, wallMs, random);
      if (wallMs > client.firstMs - 3 * dayMs && wallMs < endOfFileMs - hourMs) {
        plan.push({ wallMs, contact, order, products: random.whole(0, 1), buys: false });
      }
    }
  };
  let before = client.firstMs - 3 * dayMs;
  for (const order of client.orders) {
    if (order.wallMs - before > dayMs / 2) {
      browse(before, order.wallMs, order);
      const contact = buyerOf(company, client, order.wallMs, random);
      const wallMs = order.wallMs - random.whole(12, 45) * minuteMs;
      if (random.chance(0.8))
        plan.push({ wallMs, contact, order, products: Math.round(weight(order) / 3), buys: true });
    }
    before = order.wallMs;
  }
  const last = client.orders.at(-1);
  if (last) browse(last.wallMs, Math.min(story.quietFromMs, endOfFileMs), last);
  return plan;
}

function visited(visit: Visit, who: Doing["identifiers"], random: Random): Timed[] {
  const { order, products, buys } = visit;
  let { wallMs } = visit;
  const timed: Timed[] = [{ wallMs, doing: pageViewed(who, random.pick(pages)) }];
  const next = (doing: Doing): void => {
    wallMs += random.whole(15, 100) * 1000;
    timed.push({ wallMs, doing });
  };
  for (const product of order.products.slice(0, products)) next(productViewed(who, product));
  if (buys) next(pageViewed(who, "basket"));
  return timed;
}

/** The contact that buys, at times another one that is known by then. */
function buyerOf(company: DemoCompany, client: ClientRhythm, wallMs: WallMs, random: Random): DemoContact {
  const known = company.contacts.filter((_, index) => index === 0 || (client.orders[index * 2]?.wallMs ?? 0) <= wallMs);
  return random.chance(0.75) ? known[0]! : random.pick(known);
}

/** 1 for an order of 50 pounds, 2 for 100, 3 for 200, …, at most 8. */
function weight(order: PlacedOrder): number {
  return Math.min(8, Math.max(1, 1 + Math.log2(Math.max(1, order.amountMilli) / 50_000)));
}

/** The same day between 8 and 18 o'clock. */
function workingTime(wallMs: WallMs, random: Random): WallMs {
  return Math.floor(wallMs / dayMs) * dayMs + 8 * hourMs + random.whole(0, 10 * 3600 - 1) * 1000;
}
