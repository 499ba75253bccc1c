import type { Outcome } from "../connector.ts";
import { eventId, noMeaning, present, unknownType } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { asInstant, type Fields, neededInstant, neededText } from "../members.ts";
import { cancelled, customerKey, paid, peopleOfOrder, placed, refunded, shipped } from "./orders.ts";

type Reader = (body: Fields) => Outcome;

/** What a topic's resource means to us. */
const readers = new Map<string, Reader>([
  ["orders/create", placed],
  ["orders/paid", paid],
  ["orders/cancelled", cancelled],
  ["orders/fulfilled", shipped],
  ["fulfillments/create", fulfilmentMade],
  ["refunds/create", refunded],
  ["customers/create", customerKnown],
  ["customers/update", customerKnown],
  ["checkouts/create", checkoutStarted],
]);

const withoutMeaning = new Map([
  ["orders/updated", "an order changed in a way that other topics tell more exactly"],
  ["orders/edited", "an order was edited"],
  ["orders/partially_fulfilled", "a part of an order left; fulfillments/create tells it"],
  ["orders/delete", "an order was deleted"],
  ["app/uninstalled", "the app was removed from the shop"],
  ["customers/data_request", "a customer asks for what is known of them: answer by hand"],
  ["customers/redact", "a customer asks to be forgotten: act by hand"],
  ["shop/redact", "the shop asks to be forgotten: act by hand"],
]);

/** @param topic as Shopify's header has it, such as orders/create */
export function readTopic(topic: string, body: Fields): Outcome {
  const read = readers.get(topic);
  if (read === undefined) {
    const known = withoutMeaning.get(topic);
    if (known !== undefined) return noMeaning(`${topic}: ${known}`);
    return unknownType(topic);
  }
  return body.test === true ? { unused: "test", detail: `${topic} of a test order` } : read(body);
}

/** The first fulfilment of an order has the id of the order's: whichever comes first counts. */
function fulfilmentMade(fulfilment: Fields): Outcome {
  const state = asText(fulfilment.status);
  if (state === "cancelled" || state === "error" || state === "failure") {
    return noMeaning(`fulfillments/create: the fulfilment is in the state ${state}`);
  }
  const orderId = neededText(fulfilment, "order_id");
  return {
    events: [
      {
        id: eventId(`order ${orderId}`, "shipped"),
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
