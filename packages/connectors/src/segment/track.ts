import type { EventType } from "@keypulse/contracts";
import type { MappedEvent } from "../connector.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, neededText } from "../members.ts";
import type { SegmentMessage } from "./message.ts";
import { type OrderStep, orderEvents, orderIdOf } from "./orders.ts";
import { pageOf } from "./page.ts";
import { withSent } from "./sentProperties.ts";
import { eventKey } from "./sourceSettings.ts";

/** Events about orders; see states.ts for what each says. */
const orderSteps = new Map<string, OrderStep>([
  ["ordercompleted", "completed"],
  ["orderupdated", "updated"],
  ["ordercancelled", "cancelled"],
  ["ordercanceled", "cancelled"],
  ["orderrefunded", "refunded"],
  ["ordershipped", "shipped"],
]);

const productEvents = new Set(["productviewed", "productclicked"]);

/** The events of a track message, by its name. Names that nobody agreed on, and those for B2B, are `web.custom`. */
export function tracked(message: SegmentMessage): MappedEvent[] {
  const { settings } = message;
  const name = neededText(message.fields, "event");
  const key = eventKey(name);
  const step = settings.orders === "counted" ? orderSteps.get(key) : undefined;
  if (step !== undefined) return orderEvents(message, step);
  const sent = asObject(message.fields.properties);
  if (productEvents.has(key)) return [web(message, "web.product_viewed", sent, productOf(sent))];
  if (settings.form_events.includes(key))
    return [web(message, "web.form_submitted", sent, { form: formOf(sent) ?? short(name) })];
  return [web(message, "web.custom", sent, { name: short(name) })];
}

function web(
  { id, at: occurred_at, context, identifiers }: SegmentMessage,
  type: EventType,
  sent: Fields,
  named: Fields,
): MappedEvent {
  const order = { order_id: orderIdOf(sent)?.slice(0, 512), currency: asText(sent.currency)?.slice(0, 512) };
  const ours = { ...named, ...order, ...pageOf(sent, context) };
  return { id, type, occurred_at, identifiers, properties: withSent(ours, sent) };
}

function productOf(sent: Fields): Fields {
  const name = asText(sent.name);
  const sku = asText(sent.sku) ?? asText(sent.sky) ?? asText(sent.product_id) ?? name;
  if (sku === undefined) throw new ElementFault("properties.sku: is missing, and so are product_id and name");
  return { sku: short(sku), name: name && short(name) };
}

/** No agreed name either; `name` is left alone, because in a form it is a person's. */
function formOf(sent: Fields): string | undefined {
  const form = [sent.form, sent.form_name, sent.formName, sent.form_id, sent.formId].map(asText);
  return form.find((text) => text !== undefined)?.slice(0, 512);
}

const short = (text: string): string => text.slice(0, 512);
