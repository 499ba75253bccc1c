import type { DemoContact } from "./companies.ts";
import type { DemoEvent } from "./event.ts";
import type { OrderedProduct } from "./rhythm.ts";

/** What somebody did, before it has an id. Mail knows a person by address, the shop by login or browser. */
export type Doing = Omit<DemoEvent, "id">;

const shop = "https://shop.example";
export const pages = ["new-in", "best-sellers", "seasonal", "gift-wrap", "kitchen", "garden", "vintage", "delivery"];
export const agents = ["ana", "bruno", "celia", "dmitri"];

export interface Mail {
  readonly message_id: string;
  readonly subject: string;
  readonly campaign: string;
}

/** @param who contact whose address it is, and what else the sender knows of it */
export function mailDelivered(contact: DemoContact, mail: Mail): Doing {
  return {
    source: "demo-mail",
    type: "email.delivered",
    identifiers: { email: contact.email },
    properties: { ...mail },
  };
}

/** @param machine a filter fetched the pictures before a person saw the mail */
export function mailOpened(contact: DemoContact, mail: Mail, machine: boolean): Doing {
  return {
    source: "demo-mail",
    type: "email.opened",
    identifiers: { email: contact.email },
    properties: { ...mail, ...(machine && { machine }) },
  };
}

export function mailClicked(contact: DemoContact, mail: Mail, page: string): Doing {
  return {
    source: "demo-mail",
    type: "email.clicked",
    identifiers: { email: contact.email },
    properties: { ...mail, link: `${shop}/${page}?campaign=${mail.campaign}` },
  };
}

export function mailReplied(contact: DemoContact, mail: Mail): Doing {
  return {
    source: "demo-mail",
    type: "email.replied",
    identifiers: { email: contact.email },
    properties: { ...mail, subject: `Re: ${mail.subject}` },
  };
}

export function pageViewed(who: DemoEvent["identifiers"], page: string): Doing {
  const title = page.replaceAll("-", " ");
  return {
    source: "demo-web",
    type: "web.page_viewed",
    identifiers: who,
    properties: { url: `${shop}/${page}`, title: title.charAt(0).toUpperCase() + title.slice(1) },
  };
}

export function productViewed(who: DemoEvent["identifiers"], product: OrderedProduct): Doing {
  return {
    source: "demo-web",
    type: "web.product_viewed",
    identifiers: who,
    properties: {
      url: `${shop}/product/${encodeURIComponent(product.sku)}`,
      sku: product.sku,
      ...(product.name !== "" && { name: product.name }),
    },
  };
}

/** Somebody who was a browser without a name logged in. */
export function loggedIn(contact: DemoContact): Doing {
  return {
    source: "demo-web",
    type: "identify",
    identifiers: { user_id: contact.userId, email: contact.email, anonymous_id: contact.anonymousId },
    properties: {},
  };
}

export interface Call {
  readonly direction: "inbound" | "outbound";
  readonly agent: string;
  /** Nobody answered where it is undefined. */
  readonly seconds: number | undefined;
}

export function called(who: DemoEvent["identifiers"], { direction, agent, seconds }: Call): Doing {
  return seconds === undefined
    ? { source: "demo-phone", type: "call.missed", identifiers: who, properties: { direction, agent } }
    : {
        source: "demo-phone",
        type: "call.completed",
        identifiers: who,
        properties: { direction, agent, duration_seconds: seconds, outcome: "answered" },
      };
}
