import { setImmediate as othersFirst } from "node:timers/promises";
import type { EngineLogger } from "@keypulse/engines";
import { fitGammaGamma, type GammaGammaParameters, panelGap } from "@keypulse/methods";
import { type ChurnFit, fewestRepeatBuyers, fitChurnModel, fitChurnSegments } from "../domain/churnModel.ts";
import { type ClientOrders, type FittedPanel, forecastClient } from "../domain/clientForecast.ts";
import type { ForecastTables, ModelRow } from "../outputs/forecastTables.ts";

/** Rows an insert. */
const clientsABatch = 10_000;
/** Forecasts (0.3 ms each) between two looks at what else the service has to do. */
const clientsATurn = 50;

interface ForecastParts {
  readClientOrders(asOf: string): Promise<ClientOrders[]>;
  tables: ForecastTables;
  clock(): number;
  logger: EngineLogger;
}

export type ForecastOutcome =
  | { outcome: "there already" }
  | { outcome: "too few" }
  | { outcome: "forecast"; clients: number };

/**
 * Fits the models to all orders until a day and writes what to expect of each client; the fit comes last, so that a run
 * that broke off is done again. The same day gives the same: its fit starts from that of the day before, not from its own.
 * O(clients' order days) in ClickHouse, O(clients) here.
 */
export function createForecastClients({ readClientOrders, tables, clock, logger }: ForecastParts) {
  /** Only where there are two or more that anybody bought twice in, and where the whole sees anybody leave. */
  async function fitSegmentsOf(
    clients: readonly ClientOrders[],
    whole: ChurnFit,
    asOf: string,
  ): Promise<Map<string, ChurnFit>> {
    const known = Map.groupBy(
      clients.filter(({ segment }) => segment !== ""),
      ({ segment }) => segment,
    );
    const repeating = [...known].filter(([, list]) => list.some(({ repeats }) => repeats > 0));
    if (whole.nobodyLeaves || repeating.length < 2) return new Map();
    return fitChurnSegments(whole, new Map(repeating), await tables.segmentFits(asOf));
  }

  return async (asOf: string, signal: AbortSignal): Promise<ForecastOutcome> => {
    const fits = await tables.newestFits();
    const isFitted = fits.some((fit) => fit.model !== "none" && fit.as_of >= asOf);
    if (isFitted) return { outcome: "there already" };
    const last = fits.find((fit) => fit.model !== "none" && fit.as_of < asOf);
    const version = (last?.version ?? 0) + 1;

    const clients = await readClientOrders(asOf);
    const repeatBuyers = clients.filter(({ repeats }) => repeats > 0).length;
    const counts = { asOf, version, clients: clients.length, repeatBuyers };
    if (repeatBuyers < fewestRepeatBuyers) {
      const isSaid = fits.some((fit) => fit.as_of === asOf && fit.repeat_buyers === repeatBuyers);
      const reason = `${repeatBuyers} clients ordered on two days or more; a fit needs ${fewestRepeatBuyers}`;
      const none = { model: "none", k: 0, parameters: {}, spendParameters: undefined, logLikelihood: 0 };
      if (clients.length > 0 && !isSaid)
        await tables.writeModels([{ ...counts, ...none, segment: "", reason }], clock());
      return { outcome: "too few" };
    }

    const fit = fitChurnModel(clients, last);
    const segments = await fitSegmentsOf(clients, fit, asOf);
    const common = { amounts: fitAmounts(clients), gap: panelGap(clients) };
    const panelOf = ({ segment }: ClientOrders): FittedPanel => ({ ...(segments.get(segment) ?? fit), ...common });
    const atMs = clock();
    for (let from = 0; from < clients.length; from += clientsABatch) {
      const batch = clients.slice(from, from + clientsABatch);
      const forecasts = [];
      for (const [i, client] of batch.entries()) {
        if (i % clientsATurn === 0) await othersFirst(undefined, { signal });
        forecasts.push(forecastClient(panelOf(client), client));
      }
      const ofBatch = batch.map((client) => ({
        ...client,
        segment: segments.has(client.segment) ? client.segment : "",
      }));
      await tables.writeForecasts({ asOf, version, model: fit.model }, forecasts, ofBatch, atMs);
    }
    const rowOf = (segment: string, { fit: found, ...of }: ChurnFit): ModelRow => {
      const { model, k, parameters, logLikelihood, reason } = of;
      const spendParameters = common.amounts && { ...common.amounts };
      const { clients: number, repeatBuyers: repeating } = found;
      const sizes = { clients: number, repeatBuyers: repeating };
      return { asOf, version, segment, ...sizes, model, k, parameters, spendParameters, logLikelihood, reason };
    };
    await tables.writeModels(
      [...segments].map(([name, segment]) => rowOf(name, segment)),
      atMs,
    );
    await tables.writeModels([rowOf("", fit)], atMs);
    const { model, reason } = fit;
    logger.info(
      { asOf, version, model, clients: clients.length, repeatBuyers, segments: segments.size, reason },
      "forecast",
    );
    return { outcome: "forecast", clients: clients.length };
  };
}

/** Undefined where too few clients have amounts: forecasts are then of orders alone. */
function fitAmounts(clients: readonly ClientOrders[]): GammaGammaParameters | undefined {
  const spends = clients.map(({ spend }) => spend).filter(({ purchases }) => purchases > 0);
  return spends.length < fewestRepeatBuyers ? undefined : fitGammaGamma(spends).parameters;
}
