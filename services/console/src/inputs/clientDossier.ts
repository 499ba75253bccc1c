import type { ClickHouse } from "@keypulse/engines";
import { type KeyParameters, queryByKeys, readKeyParameters, type WarehouseSettings } from "@keypulse/warehouse";
import { assembleDossier, type DossierParts } from "../domain/dossier.ts";
import type { Dossier } from "./clientAnswers.ts";

/** Reads all that is known of one client, by its keys alone. */
export class DossierReading {
  readonly #clickhouse: ClickHouse;
  readonly #workspace: WarehouseSettings;
  constructor(clickhouse: ClickHouse, workspace: WarehouseSettings) {
    this.#clickhouse = clickhouse;
    this.#workspace = workspace;
  }

  /** The client that an id stands for now: what was merged away is found under its heir. */
  async idNow(id: string): Promise<string> {
    const [row] = await this.#rows<{ client_id: string }>("SELECT client_id FROM identity_map WHERE key = {id: UUID}", {
      id,
    });
    return row?.client_id ?? id;
  }

  /** @returns undefined where nothing is known of the id */
  async read(id: string): Promise<Dossier | undefined> {
    const given = await readKeyParameters(this.#clickhouse, [id]);
    const own = given.map_keys.filter((_, index) => given.map_clients[index] === id);
    const ownKeys = [...new Set([id, ...own])];
    const parameters = { ...given, id, own_keys: ownKeys };
    const about = async <T>(view: string, select: string, rest = ""): Promise<T[]> =>
      await this.#rows<T>(
        `SELECT ${select} FROM (${queryByKeys(view, this.#workspace, parameters)}) WHERE client_id = {id: UUID} ${rest}`,
        parameters,
      );
    const [[totals], [recent], [revenue], [label], fields, contacts, [rhythm], products, [payments], alerts] =
      await Promise.all([
        this.#summed<DossierParts["totals"]>(totalsByKey, "totals_by_key", parameters),
        this.#summed<DossierParts["recent"]>(recentByKey, "recent_by_key", parameters),
        this.#summed<DossierParts["revenue"]>(revenueByKey, "revenue_by_key", parameters),
        about<NonNullable<DossierParts["label"]>>("client_labels", "account_id, label"),
        about<DossierParts["fields"][number]>(
          "client_traits_now",
          `trait, value, source, who, ${iso("since")}`,
          "ORDER BY trait",
        ),
        about<DossierParts["contacts"][number]>(
          "contacts",
          `contact_id AS id, name, role, emails, phones, clients, ${iso("last_heard_from")}, reachable, unsubscribed, toUInt32(active) AS active`,
          "ORDER BY role = 'decides' DESC, last_heard_from DESC NULLS LAST LIMIT 200",
        ),
        about<NonNullable<DossierParts["rhythm"]>>(
          "client_rhythm",
          "toUInt32(order_days) AS order_days, usual_gap_days, next_expected",
        ),
        given.currencies.length === 0
          ? []
          : about<DossierParts["products"][number]>("client_products", productColumns, `ORDER BY revenue DESC`),
        given.invoices === 0 ? [] : about<NonNullable<DossierParts["payments"]>>("client_payments", paymentColumns),
        this.#rows<DossierParts["alerts"][number]>(openAlerts, parameters),
      ]);
    // Sums are one row each, also of nothing.
    if (totals!.rows === 0 && own.length === 0) return undefined;
    return assembleDossier(id, this.#workspace.currency, {
      totals: totals!,
      recent: recent!,
      revenue: revenue!,
      label,
      fields,
      contacts,
      rhythm,
      products,
      payments,
      alerts,
    });
  }

  async #summed<T>(select: string, view: string, parameters: KeyParameters & { own_keys: string[] }): Promise<T[]> {
    return await this.#rows<T>(
      `SELECT ${select} FROM (${queryByKeys(view, this.#workspace, parameters)}) AS k WHERE owner_key IN {own_keys: Array(UUID)}`,
      parameters,
    );
  }

  async #rows<T>(query: string, query_params: object): Promise<T[]> {
    const result = await this.#clickhouse.query({
      query,
      query_params: query_params as Record<string, unknown>,
      format: "JSONEachRow",
      clickhouse_settings: {
        // One client's rows are few: threads would only have to be started.
        max_threads: 1,
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_decimals: 0,
      },
    });
    return await result.json<T>();
  }
}

/** A time as people's programs read it, NULL where it never was. */
const iso = (column: string, as = column): string =>
  `if(isNull(${column}) OR ${column} <= toDateTime64(0, 3, 'UTC'), NULL, formatDateTime(${column}, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z') AS ${as}`;

const kinds = ["email", "web", "call", "order"] as const;
const windows = [7, 30, 90, 365] as const;

const totalsByKey = [
  "count() AS rows",
  iso("min(k.first_at)", "first_seen"),
  iso("max(k.last_at)", "last_seen"),
  iso("max(k.last_received_at)", "last_received"),
  iso("max(k.last_active_at)", "last_activity"),
  ...kinds.flatMap((kind) => [
    iso(`min(k.first_${kind})`, `first_${kind}`),
    iso(`max(k.last_${kind})`, `last_${kind}`),
  ]),
].join(", ");

const revenueByKey = [
  "toUInt32(sum(k.orders)) AS orders",
  ...["revenue_gross", "revenue_net", "revenue_30d", "revenue_90d", "revenue_365d", "revenue_365d_before"].map(
    (name) => `toFloat64(sum(k.${name})) AS ${name}`,
  ),
  "arrayDistinct(arrayFlatten(groupArray(k.other_currencies))) AS without_rate",
].join(", ");

const recentByKey = windows
  .flatMap((days) => ["active", "emails", "web_visits", "calls", "orders"].map((what) => `${what}_${days}d`))
  .map((name) => `toUInt32(sum(k.${name})) AS ${name}`)
  .join(", ");

const productColumns = `sku, name, first_bought AS first, last_bought AS last, toUInt32(days_bought) AS days_bought, usual_gap_days,
  toInt32(days_since) AS days_since, lapsed, toFloat64(quantity) AS quantity, toFloat64(revenue) AS revenue, toFloat64(margin) AS margin`;
const paymentColumns = `toUInt32(invoices) AS invoices, toUInt32(paid) AS paid, paid_on_time_share, average_days_late,
  toUInt32(overdue) AS overdue, toFloat64(overdue_amount) AS overdue_amount, toUInt32(overdue_without_rate) AS overdue_without_rate, oldest_overdue`;
const openAlerts = `SELECT id, detector, opened_at, reason, money_at_stake FROM (
    SELECT id, argMax(state, version) AS last_state, argMax(alerts.detector, version) AS detector, ${iso("argMax(alerts.opened_at, version)", "opened_at")},
      argMax(alerts.reason, version) AS reason, toFloat64(argMax(alerts.money_at_stake, version)) AS money_at_stake
    FROM alerts WHERE client_id IN {own_keys: Array(UUID)} GROUP BY id)
  WHERE last_state = 'open' ORDER BY opened_at DESC`;
