import type { Outcome } from "../connector.ts";
import { eventId, noMeaning, present, unknownType } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { asInstant, ElementFault, type Fields, neededInstant, neededText } from "../members.ts";
import { customerKey, orderAsItIs, orderDeleted, orderKey, peopleOfOrder, refunded } from "./orders.ts";

type Reader = (body: Fields, topic: string, at: string) => Outcome;

/** What a topic's resource means to us. */
const readers = new Map<string, Reader>([
  ["orders/create", orderAsItIs],
  ["orders/updated", orderAsItIs],
  ["orders/paid", orderAsItIs],
  ["orders/cancelled", orderAsItIs],
  ["orders/fulfilled", orderAsItIs],
  ["orders/partially_fulfilled", orderAsItIs],
  ["orders/delete", (body, _topic, at) => orderDeleted(body, at)],
  ["fulfillments/create", fulfilmentMade],
  ["refunds/create", refunded],
  ["customers/create", customerKnown],
  ["customers/update", customerKnown],
  ["customers/merge", customersMerged],
  ["customers_email_marketing_consent/update", consentChanged],
  ["checkouts/create", checkoutStarted],
]);

const withoutMeaning = new Map([
  ["orders/edited", "pieces were added or removed; orders/updated tells what the order became"],
  ["customers_marketing_consent/update", "whether text messages are wanted"],
  ["app/uninstalled", "the app was removed from the shop"],
  ["customers/data_request", "a customer asks for what is known of them: answer by hand"],
  ["customers/redact", "a customer asks to be forgotten: act by hand"],
  ["shop/redact", "the shop asks to be forgotten: act by hand"],
]);

/**
 * @param topic as Shopify's header has it, such as orders/create
 * @param at when Shopify fired it, for resources that name no time
 */
export function readTopic(topic: string, body: Fields, at: string): Outcome {
  const read = readers.get(topic);
  if (read === undefined) {
    const known = withoutMeaning.get(topic);
    if (known !== undefined) return noMeaning(`${topic}: ${known}`);
    return unknownType(topic);
  }
  return body.test === true ? { unused: "test", detail: `${topic} of a test order` } : read(body, topic, at);
}

/** The first fulfilment of an order is when it left us; what became of the order as a whole, orders/updated tells. */
function fulfilmentMade(fulfilment: Fields): Outcome {
  const state = asText(fulfilment.status);
  if (state === "cancelled" || state === "error" || state === "failure") {
    return noMeaning(`fulfillments/create: the fulfilment is in the state ${state}`);
  }
  const orderId = neededText(fulfilment, "order_id");
  return {
    events: [
      {
        id: eventId(orderKey(orderId), "shipped"),
        type: "order.shipped",
        occurred_at: neededInstant(fulfilment, "created_at"),
        identifiers: present({ email: asText(fulfilment.email) }),
        properties: present({ order_id: orderId, tracking_company: asText(fulfilment.tracking_company) }),
      },
    ],
  };
}

function customerKnown(customer: Fields): Outcome {
  const id = neededText(customer, "id");
  const address = asObject(customer.default_address);
  const changedAt = neededInstant(customer, "updated_at", "created_at");
  return {
    events: [
      {
        id: eventId(`customer ${id}`, changedAt),
        type: "identify",
        occurred_at: changedAt,
        identifiers: present({
          user_id: customerKey(id),
          email: asText(customer.email),
          phone: asText(customer.phone) ?? asText(address.phone),
        }),
        properties: {},
        traits: present({
          first_name: asText(customer.first_name),
          last_name: asText(customer.last_name),
          company: asText(address.company),
          country: asText(address.country_code),
          tags: asText(customer.tags),
        }),
      },
    ],
  };
}

/** The one that was kept goes on with all that the other had. */
function customersMerged(merge: Fields, _topic: string, at: string): Outcome {
  const state = asText(merge.status) ?? "";
  if (!/^(completed|succeeded|success|)$/.test(state)) return noMeaning(`customers/merge: in the state ${state}`);
  const [kept, deleted] = [customerOfGid(merge, "kept"), customerOfGid(merge, "deleted")];
  return {
    events: [
      {
        id: eventId(`customer ${deleted}`, `merged-into-${kept}`),
        type: "alias",
        occurred_at: at,
        identifiers: { user_id: customerKey(kept) },
        properties: { previous: { user_id: customerKey(deleted) } },
      },
    ],
  };
}

/** The number in gid://shopify/Customer/123. */
function customerOfGid(merge: Fields, which: "kept" | "deleted"): string {
  const name = `admin_graphql_api_customer_${which}_id`;
  const id = /\/(\d+)$/.exec(neededText(merge, name))?.[1];
  if (id === undefined) throw new ElementFault(`${name}: is not the id of a customer`);
  return id;
}

function consentChanged(customer: Fields, topic: string, at: string): Outcome {
  const consent = asObject(customer.email_marketing_consent);
  const state = asText(consent.state);
  if (state !== "unsubscribed") return noMeaning(`${topic}: ${state ?? "no state"}`);
  const changedAt = asInstant(consent.consent_updated_at) ?? at;
  const id = neededText(customer, "customer_id");
  return {
    events: [
      {
        id: eventId(`customer ${id}`, "unsubscribed", changedAt),
        type: "email.unsubscribed",
        occurred_at: changedAt,
        identifiers: present({ user_id: customerKey(id), email: asText(customer.email_address) }),
        properties: {},
      },
    ],
  };
}

function checkoutStarted(checkout: Fields): Outcome {
  const key = asText(checkout.token) ?? neededText(checkout, "id");
  return {
    events: [
      {
        id: eventId(`checkout ${key}`, "created"),
        type: "web.custom",
        occurred_at: asInstant(checkout.created_at) ?? neededInstant(checkout, "updated_at"),
        identifiers: peopleOfOrder(checkout),
        properties: present({
          name: "Checkout Started",
          checkout_token: asText(checkout.token),
          cart_token: asText(checkout.cart_token),
        }),
      },
    ],
  };
}
