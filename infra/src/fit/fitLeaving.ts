import { compareHoldOut, fitSegments } from "@keypulse/methods";
import { dateOf } from "./day.ts";
import { FitError } from "./fitError.ts";
import type { ClientLine, FitReport, Fitted } from "./fitReport.ts";
import { type LeavingModelName, leavingModels } from "./models.ts";
import { type Client, fitOf, type Observed, summaryOf } from "./observed.ts";

const usualHorizonDays = 364;

/** Fits a model of leaving, and asks it about every client. @throws FitError where nobody has a rhythm */
export function fitLeaving({ clients, about, endDay, lastDay, command }: Observed, name: LeavingModelName): Fitted {
  const { fit, modelOf } = leavingModels[name];
  if (!clients.some(({ repeats }) => repeats > 0)) {
    throw new FitError(`Nobody bought on two days until ${about.to}: there is no rhythm to learn.`);
  }
  const whole = fit(clients, { k: command.k });
  const bySegment = Map.groupBy(clients, ({ segment }) => segment);
  const segments =
    command.segment === undefined
      ? undefined
      : fitSegments(whole, bySegment, (mine, options) =>
          fit(mine as readonly Client[], { ...options, ...(whole.k && { k: whole.k }) }),
        );
  const wholeModel = modelOf(whole);
  const models = new Map(
    [...(segments ?? [])].map(([segment, { fit: found }]) => [
      segment,
      modelOf({ ...found, ...(whole.k && { k: whole.k }) }),
    ]),
  );
  const heldOut = command.cutoffDay !== undefined;
  const horizon = heldOut
    ? (lastDay - endDay) / command.unitDays
    : (command.horizon ?? usualHorizonDays / command.unitDays);
  const forecast = (client: Client) => {
    const model = models.get(client.segment) ?? wholeModel;
    return { probabilityAlive: model.probabilityAlive(client), expected: model.expectedPurchases(client, horizon) };
  };
  const forecasts = heldOut
    ? clients.map((client) => ({ history: client, actual: client.heldOut, ...forecast(client) }))
    : undefined;
  function* lines(): Generator<ClientLine> {
    for (const [index, client] of clients.entries()) {
      const { probabilityAlive, expected } = forecasts?.[index] ?? forecast(client);
      const scores = { p_alive: probabilityAlive, expected, ...(heldOut && { actual: client.heldOut }) };
      yield { client: client.name, ...summaryOf(client), ...scores };
    }
  }
  const holdOut = forecasts && {
    from: dateOf(endDay + 1),
    to: dateOf(lastDay),
    horizon,
    ...compareHoldOut(forecasts),
  };
  const report: FitReport = {
    ...about,
    ...fitOf(whole),
    ...(whole.k !== undefined && { k: whole.k, tried: whole.tried ?? [] }),
    ...(segments && {
      segments: [...segments]
        .map(([segment, { fit: found, origin }]) => ({
          segment,
          clients: found.clients,
          repeatBuyers: found.repeatBuyers,
          origin,
          parameters: found.parameters,
          logLikelihood: found.logLikelihood,
        }))
        .sort((a, b) => b.clients - a.clients),
    }),
    ...(holdOut && { holdOut }),
  };
  return { report, clients: { [Symbol.iterator]: lines } };
}
