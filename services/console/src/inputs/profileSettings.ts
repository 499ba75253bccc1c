import type { ClickHouseReader } from "@keypulse/engines";
import type { WarehouseSettings } from "@keypulse/warehouse";
import { type Amount, Rates, readAmount } from "../domain/amounts.ts";
import { askByKeys } from "./askByKeys.ts";

/** What profiles are made by, that seldom changes. */
export interface ProfileSettings extends WarehouseSettings {
  /** Sources of traits, the strongest first. */
  traitSources: readonly string[];
  rates: Rates;
  /** Costs of a piece by product and day, the newest day first. */
  costs: ReadonlyMap<string, readonly { since: number; unitCost: Amount }[]>;
  /** Number of the newest day of which every client's forecast is there. */
  forecastsSince: number;
}

/** For so long it is not asked whether they have changed: they do when somebody runs a command. */
const freshMs = 2_000;

/** Keeps the settings, rates and costs at hand: a page asks whether they have changed, and reads them only then. */
export function createProfileSettings(
  reader: ClickHouseReader,
  workspace: () => Promise<WarehouseSettings>,
  now: () => number = Date.now,
): () => Promise<ProfileSettings> {
  let kept: { stamp: string; settings: ProfileSettings; askedMs: number } | undefined;
  let asking: Promise<ProfileSettings> | undefined;

  async function ask(): Promise<ProfileSettings> {
    const askedMs = now();
    const stamp = await readStamp(reader);
    const settings = kept?.stamp === stamp ? kept.settings : await readProfileSettings(reader, await workspace());
    kept = { stamp, settings, askedMs };
    return settings;
  }
  return async () => {
    if (kept !== undefined && now() - kept.askedMs <= freshMs) return kept.settings;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return await asking;
  };
}

/** Changes with every row that anybody adds. */
async function readStamp(reader: ClickHouseReader): Promise<string> {
  const [row] = await askByKeys(reader)<{ stamp: string }>(
    `SELECT toString(((SELECT (count(), max(version)) FROM settings WHERE kind = 'profiles'),
       (SELECT (count(), max(loaded_at)) FROM exchange_rates), (SELECT (count(), max(written_at)) FROM product_costs),
       (SELECT (count(), max(fitted_at)) FROM churn_models_log))) AS stamp`,
  );
  return row!.stamp;
}

async function readProfileSettings(
  reader: ClickHouseReader,
  { timezone, currency }: WarehouseSettings,
): Promise<ProfileSettings> {
  const ask = askByKeys(reader);
  const [[settings], rates, costs, [forecasts]] = await Promise.all([
    ask<{ rate_days: number; trait_sources: string[] }>("SELECT rate_days, trait_sources FROM profile_settings"),
    ask<{ currency: string; day: number; rate: string }>(
      "SELECT toString(r.currency) AS currency, toUInt32(r.day) AS day, toString(r.rate) AS rate FROM rates_here AS r",
    ),
    ask<{ sku: string; since: number; unit_cost: string }>(
      "SELECT sku, toUInt32(c.since) AS since, unit_cost FROM product_costs AS c FINAL ORDER BY since DESC",
    ),
    ask<{ since: number }>("SELECT toUInt32(max(as_of)) AS since FROM churn_models_log WHERE model != 'none'"),
  ]);
  return {
    timezone,
    currency,
    traitSources: settings!.trait_sources,
    rates: new Rates(currency, settings!.rate_days, rates),
    costs: Map.groupBy(
      costs.map(({ sku, since, unit_cost }) => ({ sku, since, unitCost: readAmount(unit_cost) })),
      ({ sku }) => sku,
    ),
    forecastsSince: forecasts!.since,
  };
}
