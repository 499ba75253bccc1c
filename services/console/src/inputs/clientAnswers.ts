import { z } from "zod";

const time = z.string().nullable().describe("UTC, ISO 8601");
const money = z.number().describe("In the workspace's currency");
const count = z.number().int();

export const listedClientSchema = z.object({
  id: z.guid(),
  name: z.string(),
  account_id: z.string(),
  owner: z.string(),
  contacts: count,
  last_activity: time,
  last_order: time,
  active_30d: count,
  orders: count,
  revenue_net: money,
  revenue_365d: money,
  revenue_365d_before: money,
  open_alerts: count,
});

const kindSchema = z.object({
  first: time,
  last: time,
  active_7d: count,
  active_30d: count,
  active_90d: count,
  active_365d: count,
});

export const dossierSchema = z.object({
  id: z.guid(),
  name: z.string(),
  account_id: z.string(),
  currency: z.string(),
  freshness: z.object({ first_seen: time, last_seen: time, last_received: time }),
  fields: z
    .array(z.object({ name: z.string(), value: z.unknown(), source: z.string(), who: z.string(), since: time }))
    .describe("What was said or written of the client and counts now, with who said it and since when"),
  contacts: z.array(
    z.object({
      id: z.guid(),
      name: z.string(),
      role: z.string(),
      emails: z.array(z.string()),
      phones: z.array(z.string()),
      clients: z.array(z.guid()).describe("All that the person belongs or belonged to"),
      last_heard_from: time,
      reachable: z.boolean().describe("False where mail was refused for good"),
      unsubscribed: z.boolean(),
      active: count,
    }),
  ),
  activity: z.object({
    last: time,
    active_7d: count,
    active_30d: count,
    active_90d: count,
    active_365d: count,
    by_kind: z.object({ email: kindSchema, web: kindSchema, call: kindSchema, order: kindSchema }),
  }),
  orders: z.object({
    number: count,
    average: z.number().nullable(),
    days: count.describe("Days with an order"),
    usual_gap_days: z.number().nullable().describe("Median of days between order days"),
    first: time,
    last: time,
    next_expected: z.string().nullable().describe("Day; only with three order days"),
  }),
  forecast: z
    .object({
      as_of: z.string().describe("Last day whose orders were looked at"),
      model: z.string(),
      p_alive: z.number().describe("P(alive): probability that the client has not left for good"),
      caution: z
        .enum(["", "one_purchase", "nobody_leaves"])
        .describe("Why p_alive can't be trusted; empty where it can"),
      expected_orders: z.number().describe("Days with an order expected within 365 days"),
      orders_low: count.describe("With orders_high: holds them with a probability of 80 % at least"),
      orders_high: count,
      expected_value: z.number().nullable().describe("Amount of those orders, in the workspace's currency"),
      value_low: z.number().nullable().describe("With value_high: holds it with a probability of 80 %"),
      value_high: z.number().nullable(),
      order_value: z.number().nullable().describe("Expected amount of a day with an order"),
      usual_gaps: z.number().describe("Time since the last order in the client's usual gaps"),
    })
    .nullable()
    .describe("null where the client has no orders yet, or too few clients ordered twice for a model"),
  revenue: z.object({
    gross: money,
    net: money,
    last_30d: money,
    last_90d: money,
    last_365d: money,
    before_365d: money.describe("Of the 365 days before those"),
    margin: z.number().nullable().describe("Of products whose cost is known"),
    margin_revenue: money.describe("Revenue of those products"),
    without_rate: z.array(z.string()).describe("Currencies of amounts that are in no sum: no exchange rate is known"),
  }),
  products: z.object({
    bought: count,
    lapsed: count,
    list: z.array(
      z.object({
        sku: z.string(),
        name: z.string(),
        first: z.string(),
        last: z.string(),
        days_bought: count,
        usual_gap_days: z.number().nullable(),
        days_since: count,
        lapsed: z.boolean(),
        quantity: z.number(),
        revenue: money,
        margin: z.number().nullable(),
      }),
    ),
  }),
  payments: z
    .object({
      invoices: count,
      paid: count,
      paid_on_time_share: z.number().nullable(),
      average_days_late: z.number().nullable(),
      overdue: count,
      overdue_amount: money,
      overdue_without_rate: count,
      oldest_overdue: z.string().nullable(),
    })
    .nullable()
    .describe("null where no invoices are known"),
  alerts: z.array(
    z.object({
      id: z.guid(),
      cause: z.string(),
      detector: z.string(),
      opened_at: time,
      headline: z.string(),
      reason: z.string(),
      advice: z.string(),
      money_at_stake: money,
    }),
  ),
});

export type ListedClient = z.infer<typeof listedClientSchema>;
export type Dossier = z.infer<typeof dossierSchema>;

export const timelineEntrySchema = z.object({
  occurred_at: time,
  kind: z.string(),
  type: z.string(),
  activity: z.boolean(),
  amount: z.number(),
  currency: z.string(),
  order_id: z.string(),
  about: z.string().describe("Page, link, subject or name"),
  source: z.string(),
  event_id: z.string(),
});
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;
