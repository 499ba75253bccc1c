import type { MappedEvent } from "../connector.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields } from "../members.ts";
import { isMachine } from "./machine.ts";
import type { SegmentMessage } from "./message.ts";
import { withSent } from "./sentProperties.ts";

/** A page or, in an app, a screen was looked at. */
export function pageViewed(message: SegmentMessage, type: "page" | "screen"): MappedEvent {
  const { id, at: occurred_at, fields, context, identifiers } = message;
  const sent = asObject(fields.properties);
  const name = (asText(fields.name) ?? asText(sent.name))?.slice(0, 512);
  const category = (asText(fields.category) ?? asText(sent.category))?.slice(0, 512);
  const { url: pageUrl, ...page } = pageOf(sent, context);
  const url =
    type === "screen"
      ? (pageUrl ?? screenAddress(context, name ?? category))
      : (pageUrl ?? pathOf(sent, context) ?? name);
  if (url === undefined) throw new ElementFault("properties.url: is missing, and so are the path and the name");
  const ours = { ...page, url: url.slice(0, 4096), name, category };
  return { id, type: "web.page_viewed", occurred_at, identifiers, properties: withSent(ours, sent) };
}

/** What the contract says of any web event: on which page, by which campaign, and whether a machine did it. */
export function pageOf(sent: Fields, context: Fields) {
  const page = asObject(context.page);
  const campaign = asObject(context.campaign);
  const referrer = asText(sent.referrer) ?? asText(page.referrer) ?? asText(asObject(context.referrer).url);
  const userAgent = asText(context.userAgent);
  return {
    url: (asText(sent.url) ?? asText(page.url))?.slice(0, 4096),
    title: (asText(sent.title) ?? asText(page.title))?.slice(0, 512),
    referrer: referrer?.slice(0, 4096),
    campaign: campaignOf(sent, context),
    machine: userAgent !== undefined && isMachine(userAgent) ? true : undefined,
    utm_source: asText(campaign.source),
    utm_medium: asText(campaign.medium),
    utm_term: asText(campaign.term),
    utm_content: asText(campaign.content),
  };
}

export function campaignOf(sent: Fields, context: Fields): string | undefined {
  const name = asText(asObject(context.campaign).name) ?? asText(sent.campaign) ?? asText(sent.utm_campaign);
  return name?.slice(0, 512);
}

const pathOf = (sent: Fields, context: Fields): string | undefined =>
  asText(sent.path) ?? asText(asObject(context.page).path);

/** Screens have no address, and the contract wants one: `app://`, the app and the screen. */
function screenAddress(context: Fields, name: string | undefined): string | undefined {
  const app = asObject(context.app);
  const host = asText(app.namespace) ?? asText(app.name) ?? "";
  // Half of a surrogate pair can't be encoded.
  const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
  return name === undefined ? undefined : `app://${encode(host)}/${encode(name)}`;
}
