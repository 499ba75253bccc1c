import {
  addDecimals,
  asDecimal,
  isNegative,
  isZero,
  multiplyDecimals,
  perPiece,
  subtractDecimals,
} from "../amounts.ts";
import type { MappedEvent, Outcome } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, instantOfSeconds, neededText, objectsOf } from "../members.ts";
import { signedDecimalOf } from "./minorUnits.ts";
import { peopleOf } from "./people.ts";
import { type StripeEvent, step } from "./stripeEvent.ts";

/**
 * What a subscription is now goes into the client's traits. What the client decided about it (to end, pause, shrink or
 * grow it) is an event of its own by name, so that it stands in the client's history on its day and an alert can be
 * about it. Both leave revenue alone, which its invoices make.
 */
export function subscriptionChanged(event: StripeEvent): Outcome {
  const { object: subscription, created } = event;
  const id = neededText(subscription, "id");
  const who = peopleOf(subscription);
  const now = worthOf(subscription);
  const name = decisionOf(event, now);
  const endsAt = instantOfSeconds(subscription.cancel_at) ?? endOfPeriod(subscription);
  const events: MappedEvent[] = [
    {
      id: eventId(event.id, "known"),
      type: "identify",
      occurred_at: created,
      identifiers: who,
      properties: {},
      traits: {
        subscription_status: isPaused(subscription.pause_collection) ? "paused" : asText(subscription.status),
        // Null clears what was said before.
        subscription_ends_at: endsAt ?? null,
        ...(now && { subscription_amount: now.monthly, subscription_currency: now.currency }),
      },
    },
  ];
  if (name !== undefined) {
    events.push({
      id: eventId(event.id, "decided"),
      type: "web.custom",
      occurred_at: created,
      identifiers: who,
      properties: present({
        name,
        subscription_id: id,
        ends_at: endsAt,
        monthly_amount: now?.monthly,
        currency: now?.currency,
        ...reasonOf(subscription),
      }),
    });
  }
  return { events };
}

/**
 * The vocabulary has no type for the end of a subscription, which need not be the client's act; a cancelled order of no
 * amount says that it has ended, and leaves the revenue of the past as it is.
 */
export function subscriptionEnded(event: StripeEvent): Outcome {
  const { object: subscription, created } = event;
  const id = neededText(subscription, "id");
  const at = instantOfSeconds(subscription.ended_at) ?? created;
  const [item] = objectsOf(asObject(subscription.items).data);
  const currency = asText(subscription.currency) ?? asText(asObject(item?.price).currency);
  if (currency === undefined) throw new ElementFault("currency: is missing");
  const ended = step(id, "cancelled", "order.cancelled", at, peopleOf(subscription), {
    order_id: id,
    amount: "0.00",
    currency: currency.toUpperCase(),
    subject: "subscription",
    ...reasonOf(subscription),
  });
  const known = subscriptionChanged(event);
  return { events: [ended, ...("events" in known ? known.events : [])] };
}

function reasonOf(subscription: Fields): Fields {
  const details = asObject(subscription.cancellation_details);
  return { reason: asText(details.feedback) ?? asText(details.reason), comment: asText(details.comment) };
}

const isPaused = (pause: unknown): boolean => typeof pause === "object" && pause !== null;

/** What somebody decided about a subscription, by what the event says was different before. */
function decisionOf({ type, object: subscription, previous }: StripeEvent, now: Worth | undefined): string | undefined {
  if (type === "customer.subscription.paused") return "Subscription Paused";
  if (type === "customer.subscription.resumed") return "Subscription Resumed";
  if (type !== "customer.subscription.updated") return undefined;
  const willEnd = subscription.cancel_at_period_end === true || typeof subscription.cancel_at === "number";
  if ("cancel_at_period_end" in previous || "cancel_at" in previous) {
    const wouldEnd = previous.cancel_at_period_end === true || typeof previous.cancel_at === "number";
    if (willEnd && !wouldEnd) return "Subscription Cancellation Scheduled";
    if (!willEnd && wouldEnd) return "Subscription Cancellation Withdrawn";
  }
  if (
    "pause_collection" in previous &&
    isPaused(previous.pause_collection) !== isPaused(subscription.pause_collection)
  ) {
    return isPaused(subscription.pause_collection) ? "Subscription Paused" : "Subscription Resumed";
  }
  const before = previous.items === undefined ? undefined : worthOf({ ...subscription, items: previous.items });
  if (before === undefined || now === undefined || before.currency !== now.currency) return undefined;
  const change = subtractDecimals(now.monthly, before.monthly);
  if (isZero(change)) return undefined;
  return isNegative(change) ? "Subscription Reduced" : "Subscription Increased";
}

/** Newer API versions keep the period on the items. */
function endOfPeriod(subscription: Fields): string | undefined {
  if (subscription.cancel_at_period_end !== true) return undefined;
  const [item] = objectsOf(asObject(subscription.items).data);
  return instantOfSeconds(subscription.current_period_end) ?? instantOfSeconds(item?.current_period_end);
}

interface Worth {
  monthly: string;
  currency: string;
}

/** Months of an interval; days and weeks by the average month. */
const perMonth = { day: "30.4375", week: "4.3482", month: "1" } as const;

/** What a subscription costs a month; undefined where a price is by steps or by use. */
function worthOf(subscription: Fields): Worth | undefined {
  const items = objectsOf(asObject(subscription.items).data);
  const parts = items.map((item) => {
    const price = asObject(item.price ?? item.plan);
    const currency = (asText(price.currency) ?? asText(subscription.currency))?.toUpperCase();
    const each = currency && signedDecimalOf(price.unit_amount ?? price.amount, currency);
    const recurring = asObject(price.recurring ?? price);
    const [interval, count] = [asText(recurring.interval) ?? "month", asDecimal(recurring.interval_count) ?? "1"];
    if (!each || !currency || isZero(count)) return undefined;
    const total = multiplyDecimals(each, asDecimal(item.quantity) ?? "1");
    const monthly =
      interval === "year"
        ? perPiece(total, multiplyDecimals("12", count))
        : perPiece(multiplyDecimals(total, perMonth[interval as keyof typeof perMonth] ?? "1"), count);
    return monthly === undefined ? undefined : { monthly, currency };
  });
  const known = parts.filter((part) => part !== undefined);
  const [first] = known;
  if (first === undefined || known.length < items.length) return undefined;
  if (known.some(({ currency }) => currency !== first.currency)) return undefined;
  return { monthly: addDecimals(...known.map(({ monthly }) => monthly)), currency: first.currency };
}
