import type { Outcome } from "../connector.ts";
import { eventId, noMeaning, present, unknownType } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { type Fields, neededText } from "../members.ts";
import { customerKey, neededUtc, orderAsItIs, orderDeleted } from "./orders.ts";

/** @param topic as the shop's header has it, such as order.updated */
export function readTopic(topic: string, body: Fields, source: string, receivedAt: Date): Outcome {
  switch (topic) {
    case "order.created":
    case "order.updated":
    case "order.restored":
      return orderAsItIs(body, source);
    case "order.deleted":
      return orderDeleted(body, receivedAt);
    case "customer.created":
    case "customer.updated":
      return customerKnown(body, source);
  }
  if (/^(order|customer|product|coupon)\.(created|updated|deleted|restored)$/.test(topic)) {
    return noMeaning(`${topic} says nothing about a client`);
  }
  return unknownType(topic);
}

function customerKnown(customer: Fields, source: string): Outcome {
  const id = neededText(customer, "id");
  const changedAt = neededUtc(customer, "date_modified_gmt", "date_created_gmt");
  const billing = asObject(customer.billing);
  return {
    events: [
      {
        id: eventId(`customer ${id}`, changedAt),
        type: "identify",
        occurred_at: changedAt,
        identifiers: present({
          user_id: customerKey(source, id),
          email: asText(customer.email) ?? asText(billing.email),
          phone: asText(billing.phone),
        }),
        properties: {},
        traits: present({
          first_name: asText(customer.first_name),
          last_name: asText(customer.last_name),
          company: asText(billing.company),
          country: asText(billing.country),
        }),
      },
    ],
  };
}
