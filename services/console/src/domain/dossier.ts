import type { Dossier, ListedClient } from "../inputs/clientAnswers.ts";
import type { ClientOwners } from "../inputs/clientOwners.ts";
import type {
  ActivityRow,
  ForecastRow,
  IdentifierRow,
  InvoiceRow,
  LatestRow,
  OfKey,
  OpenAlertRow,
  ProductRow,
  RevenueRow,
  RevenueWithDaysRow,
  SaidRow,
  TotalsRow,
} from "../inputs/clientRows.ts";
import type { ProfileSettings } from "../inputs/profileSettings.ts";
import { nameClient } from "./clientNames.ts";
import { listContacts } from "./contactList.ts";
import { judgePayments, listProducts, orderRhythm, sayProduct, sumRevenue } from "./purchases.ts";
import { readText, readWord } from "./saidNow.ts";
import { dayText, timeText } from "./timeText.ts";

/** Rows of some clients' keys, as the tables have them. */
export interface ListRows<
  Totals extends OfKey = LatestRow,
  Activity extends OfKey = OfKey & { active_30d: number },
  Revenue extends RevenueRow = RevenueRow,
> {
  totals: readonly Totals[];
  activity: readonly Activity[];
  revenue: readonly Revenue[];
  identifiers: readonly IdentifierRow[];
  said: readonly SaidRow[];
  alerts: readonly OpenAlertRow[];
}

export interface DossierRows extends ListRows<TotalsRow, ActivityRow, RevenueWithDaysRow> {
  products: readonly ProductRow[];
  invoices: readonly InvoiceRow[];
  forecasts: readonly ForecastRow[];
  refusals: readonly { contact_key: string; last_at: number }[];
}

const mostProducts = 50;
const kinds = ["email", "web", "call", "order"] as const;
const windows = ["active_7d", "active_30d", "active_90d", "active_365d"] as const;

/** A line of the list of clients. @param rows of this client alone */
export function describeListed(
  id: string,
  owners: ClientOwners,
  rows: ListRows,
  { rates, traitSources }: ProfileSettings,
  today: number,
): ListedClient {
  const { said, ...named } = nameClient(rows, owners.contactOf, traitSources);
  const revenue = sumRevenue(rows.revenue, rates, today);
  const owner = said.find(({ trait }) => trait === "owner");
  return {
    id,
    ...named,
    owner: owner === undefined ? "" : readText(owner.value),
    contacts: owners.contactsOf(id).size,
    last_activity: latest(rows.totals.map(({ last_active_at }) => last_active_at)),
    last_order: latest(rows.revenue.map(({ last_order }) => last_order)),
    active_30d: sumOf(rows.activity, "active_30d"),
    orders: revenue.orders,
    revenue_net: revenue.net,
    revenue_365d: revenue.last_365d,
    revenue_365d_before: revenue.before_365d,
    open_alerts: rows.alerts.length,
  };
}

/** The page of one client. @param all rows of all keys of its people too, whoever their owner was by date */
export function describeClient(
  id: string,
  owners: ClientOwners,
  all: DossierRows,
  { currency, rates, costs, traitSources }: ProfileSettings,
  today: number,
): Dossier {
  const rows = rowsByClient(owners, all)(id);
  const own = <T extends OfKey>(list: readonly T[]): T[] => list.filter((row) => owners.ownerOf(row) === id);
  const { totals, activity } = rows;
  const { name, account_id, said } = nameClient(rows, owners.contactOf, traitSources);
  const { orders: number, without_rate, ...sums } = sumRevenue(rows.revenue, rates, today);
  const orders = {
    first: earliest(rows.revenue.map(({ first_order }) => first_order)),
    last: latest(rows.revenue.map(({ last_order }) => last_order)),
  };
  const rhythm = orderRhythm(rows.revenue.flatMap(({ order_days }) => order_days));
  const products = listProducts(all.products, rates, costs, today);
  const withCost = products.filter(({ margin }) => margin !== null);
  const active = (acts: readonly ActivityRow[]) =>
    Object.fromEntries(windows.map((window) => [window, sumOf(acts, window)])) as Record<
      (typeof windows)[number],
      number
    >;
  return {
    id,
    name,
    account_id,
    currency,
    freshness: {
      first_seen: earliest(totals.map(({ first_at }) => first_at)),
      last_seen: latest(totals.map(({ last_at }) => last_at)),
      last_received: latest(totals.map(({ last_received_at }) => last_received_at)),
    },
    fields: said.map(({ trait, value, source, who, since }) => ({
      name: trait,
      value: readWord(value),
      source,
      who,
      since: timeText(since),
    })),
    contacts: listContacts(id, owners, all, traitSources),
    activity: {
      last: latest(totals.map(({ last_active_at }) => last_active_at)),
      ...active(activity),
      by_kind: Object.fromEntries(
        kinds.map((kind) => [
          kind,
          {
            // Orders are what became of them, as everywhere.
            first: kind === "order" ? orders.first : earliest(totals.map((row) => row[`first_${kind}`])),
            last: kind === "order" ? orders.last : latest(totals.map((row) => row[`last_${kind}`])),
            ...active(activity.filter((row) => row.kind === kind)),
          },
        ]),
      ) as Dossier["activity"]["by_kind"],
    },
    orders: {
      number,
      average: number === 0 ? null : Math.round((sums.gross / number) * 100) / 100,
      days: rhythm.order_days,
      usual_gap_days: rhythm.usual_gap_days,
      ...orders,
      next_expected: rhythm.next_expected,
    },
    forecast: sayForecast(all.forecasts.find((row) => owners.clientOf(row.client_id) === id)),
    revenue: {
      ...sums,
      margin: withCost.length === 0 ? null : withCost.reduce((sum, { margin }) => sum + margin!, 0),
      margin_revenue: withCost.reduce((sum, product) => sum + product.revenue, 0),
      without_rate,
    },
    products: {
      bought: products.length,
      lapsed: products.filter(({ lapsed }) => lapsed).length,
      list: products.slice(0, mostProducts).map(sayProduct),
    },
    payments: judgePayments(own(all.invoices), rates, today),
    alerts: rows.alerts.map(({ client_id: _client, opened_at, ...alert }) => ({
      ...alert,
      opened_at: timeText(opened_at),
    })),
  };
}

/** @param row the newest of the client; of clients who were joined since then, of the one with more orders */
function sayForecast(row: ForecastRow | undefined): Dossier["forecast"] {
  if (row === undefined) return null;
  const { client_id: _client, order_days: _days, as_of_day, caution, ...numbers } = row;
  return { as_of: dayText(as_of_day), caution: caution as NonNullable<Dossier["forecast"]>["caution"], ...numbers };
}

/** Rows of many clients' keys, split by whose they are. */
export function rowsByClient<Totals extends OfKey, Activity extends OfKey, Revenue extends RevenueRow>(
  owners: ClientOwners,
  all: ListRows<Totals, Activity, Revenue>,
): (id: string) => ListRows<Totals, Activity, Revenue> {
  const totals = Map.groupBy(all.totals, owners.ownerOf);
  const activity = Map.groupBy(all.activity, owners.ownerOf);
  const revenue = Map.groupBy(all.revenue, owners.ownerOf);
  const identifiers = Map.groupBy(all.identifiers, ({ key }) => owners.clientOf(key));
  const said = Map.groupBy(all.said, ({ key }) => owners.clientOf(key));
  const alerts = Map.groupBy(all.alerts, ({ client_id }) => owners.clientOf(client_id));
  return (id) => ({
    totals: totals.get(id) ?? [],
    activity: activity.get(id) ?? [],
    revenue: revenue.get(id) ?? [],
    identifiers: identifiers.get(id) ?? [],
    said: said.get(id) ?? [],
    alerts: alerts.get(id) ?? [],
  });
}

const sumOf = <K extends string>(rows: readonly Record<K, number>[], column: K): number =>
  rows.reduce((sum, row) => sum + row[column], 0);

const known = (times: readonly (number | null)[]): number[] => times.filter((time) => time !== null);
const earliest = (times: readonly (number | null)[]): string | null =>
  known(times).length === 0 ? null : timeText(Math.min(...known(times)));
const latest = (times: readonly (number | null)[]): string | null =>
  known(times).length === 0 ? null : timeText(Math.max(...known(times)));
