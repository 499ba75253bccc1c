import type { Dossier } from "../inputs/clientAnswers.ts";

type Kind = keyof Dossier["activity"]["by_kind"];
type Time = string | null;

/** What the warehouse says of one client, query by query. */
export interface DossierParts {
  totals: { rows: number; first_seen: Time; last_seen: Time; last_received: Time; last_activity: Time } & Record<
    `first_${Kind}` | `last_${Kind}`,
    Time
  >;
  /** Acts by kind and number of days, such as emails_30d. */
  recent: Record<string, number>;
  revenue: {
    orders: number;
    revenue_gross: number;
    revenue_net: number;
    revenue_30d: number;
    revenue_90d: number;
    revenue_365d: number;
    revenue_365d_before: number;
    without_rate: string[];
  };
  label: { account_id: string; label: string } | undefined;
  fields: { trait: string; value: string; source: string; who: string; since: Time }[];
  contacts: Dossier["contacts"];
  rhythm: { order_days: number; usual_gap_days: number; next_expected: string | null } | undefined;
  products: Dossier["products"]["list"];
  payments: Dossier["payments"] | undefined;
  alerts: Dossier["alerts"];
}

const mostProducts = 50;

export function assembleDossier(id: string, currency: string, parts: DossierParts): Dossier {
  const { totals, recent, revenue, label, contacts, rhythm, products } = parts;
  const fields = parts.fields.map(({ trait, value, ...said }) => ({ name: trait, value: readJson(value), ...said }));
  const ownName = fields.find(({ name }) => name === "name")?.value;
  // A person on their own is called by their name.
  const personName = contacts.length === 1 ? contacts[0]!.name : "";
  const active = (what: string) => ({
    active_7d: recent[`${what}_7d`]!,
    active_30d: recent[`${what}_30d`]!,
    active_90d: recent[`${what}_90d`]!,
    active_365d: recent[`${what}_365d`]!,
  });
  const kindOf = (kind: Kind, what: string) => ({
    first: totals[`first_${kind}`],
    last: totals[`last_${kind}`],
    ...active(what),
  });
  const { orders, revenue_gross: gross } = revenue;
  const withCost = products.filter(({ margin }) => margin !== null);
  return {
    id,
    name: (typeof ownName === "string" && ownName) || personName || label?.label || "",
    account_id: label?.account_id ?? "",
    currency,
    freshness: {
      first_seen: totals.first_seen,
      last_seen: totals.last_seen,
      last_received: totals.last_received,
    },
    fields,
    contacts,
    activity: {
      last: totals.last_activity,
      ...active("active"),
      by_kind: {
        email: kindOf("email", "emails"),
        web: kindOf("web", "web_visits"),
        call: kindOf("call", "calls"),
        order: kindOf("order", "orders"),
      },
    },
    orders: {
      number: orders,
      average: orders === 0 ? null : Math.round((gross / orders) * 100) / 100,
      days: rhythm?.order_days ?? Math.min(orders, 1),
      usual_gap_days: rhythm?.usual_gap_days ?? null,
      first: totals.first_order,
      last: totals.last_order,
      next_expected: rhythm?.next_expected ?? null,
    },
    revenue: {
      gross,
      net: revenue.revenue_net,
      last_30d: revenue.revenue_30d,
      last_90d: revenue.revenue_90d,
      last_365d: revenue.revenue_365d,
      before_365d: revenue.revenue_365d_before,
      margin: withCost.length === 0 ? null : withCost.reduce((sum, { margin }) => sum + margin!, 0),
      margin_revenue: withCost.reduce((sum, product) => sum + product.revenue, 0),
      without_rate: revenue.without_rate,
    },
    products: {
      bought: products.length,
      lapsed: products.filter(({ lapsed }) => lapsed).length,
      list: products.slice(0, mostProducts),
    },
    payments: parts.payments ?? null,
    alerts: parts.alerts,
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
