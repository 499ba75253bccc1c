import type { ClickHouseReader } from "@keypulse/engines";
import { describeClient } from "../domain/dossier.ts";
import { dayNow } from "../domain/timeText.ts";
import type { Dossier } from "./clientAnswers.ts";
import { readOwners } from "./clientOwners.ts";
import { ClientRows } from "./clientRows.ts";
import type { ProfileSettings } from "./profileSettings.ts";

/**
 * All that is known of one client, read by its keys alone. An id that was merged away shows its heir.
 * @returns undefined where nothing is known of the id
 */
export async function readDossier(
  reader: ClickHouseReader,
  id: string,
  settings: ProfileSettings,
): Promise<Dossier | undefined> {
  const { timezone, currency, costs, forecastsSince } = settings;
  const owners = await readOwners(reader, [id], timezone);
  const heir = owners.clientOf(id);
  if (heir !== id) return await readDossier(reader, heir, settings);
  const rows = new ClientRows(reader, owners, timezone);
  const today = dayNow(timezone);
  const [totals, activity, revenue, identifiers, said, products, alerts, forecasts] = await Promise.all([
    rows.totals(),
    rows.activity(today),
    rows.revenueWithDays(currency, today),
    rows.identifiers(),
    rows.said(),
    rows.products(id, currency, costs.size > 0),
    rows.openAlerts(),
    rows.forecasts(forecastsSince),
  ]);
  const isKnown = totals.length > 0 || said.length > 0 || identifiers.length > 0;
  if (!isKnown) return undefined;
  // These read events, which most clients have no need of.
  const [invoices, refusals] = await Promise.all([
    activity.some(({ type }) => type.startsWith("invoice.")) ? rows.invoices() : [],
    activity.some(({ type }) => type === "email.bounced") ? rows.refusals() : [],
  ]);
  return describeClient(
    id,
    owners,
    { totals, activity, revenue, identifiers, said, products, alerts, forecasts, invoices, refusals },
    settings,
    today,
  );
}
