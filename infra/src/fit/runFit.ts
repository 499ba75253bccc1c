import {
  type ClientPurchases,
  compareHoldOut,
  expectedAmount,
  fitGammaGamma,
  fitSegments,
  type HoldOutComparison,
  type SegmentFit,
  summarisePurchases,
} from "@keypulse/methods";
import { dateOf } from "./day.ts";
import { FitError } from "./fitError.ts";
import { type LeavingModelName, leavingModels } from "./models.ts";
import type { FitCommand } from "./options.ts";
import type { Purchases, Transactions } from "./transactions.ts";

export type Numbers = Readonly<Record<string, number>>;

export interface FitReport {
  readonly model: FitCommand["model"];
  readonly unit: "week" | "day";
  readonly file: { rows: number; returns: number; refused: number; examples: readonly string[] };
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly repeats: number;
  /** Days of what was fitted, both included. */
  readonly from: string;
  readonly to: string;
  readonly k?: number;
  readonly tried?: readonly { k: number; logLikelihood: number }[];
  readonly parameters: Numbers;
  readonly standardErrors: Numbers | null;
  readonly logLikelihood: number;
  readonly converged: boolean;
  readonly iterations: number;
  readonly segments?: readonly SegmentLine[];
  readonly holdOut?: HoldOut;
  readonly amounts?: AmountComparison;
}

export interface SegmentLine {
  readonly segment: string;
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly origin: SegmentFit<unknown>["origin"];
  readonly parameters: Numbers;
  readonly logLikelihood: number;
}

export interface HoldOut extends HoldOutComparison {
  readonly from: string;
  readonly to: string;
  readonly horizon: number;
}

/** Of clients who bought before and after the cutoff: mean amount of a purchase. */
export interface AmountComparison {
  readonly clients: number;
  readonly actual: number;
  readonly expected: number;
  readonly meanAbsoluteError: number;
}

/** One client as the model sees it. */
export interface ClientLine {
  readonly client: string;
  readonly x: number;
  readonly t_x: number;
  readonly T: number;
  readonly p_alive?: number;
  /** Purchases within the hold-out, or within the horizon asked for. */
  readonly expected?: number;
  readonly actual?: number;
  /** Mean amount of the repeat purchases, and the expected amount of the next. */
  readonly mean_amount?: number;
  readonly expected_amount?: number | null;
}

export interface Fitted {
  readonly report: FitReport;
  /** In the file's order, computed as they are asked for; may be gone through again. */
  readonly clients: Iterable<ClientLine>;
}

interface Client extends ClientPurchases {
  readonly name: string;
  readonly segment: string;
}

const usualHorizonDays = 364;

/** @throws FitError where the file has not what the model needs */
export function runFit(transactions: Transactions, command: FitCommand): Fitted {
  const { unitDays, cutoffDay } = command;
  const lastDay = command.untilDay ?? transactions.lastDay;
  const endDay = cutoffDay ?? lastDay;
  checkDays(transactions, endDay, lastDay, cutoffDay);
  const clients: Client[] = [];
  for (const [name, purchases] of transactions.clients) {
    const summary = summarise(purchases, { endDay, unitDays, holdOutEndDay: lastDay }, transactions.hasAmounts);
    if (summary !== undefined) clients.push({ ...summary, name, segment: purchases.segment });
  }
  const { rows, returns, refused } = transactions;
  const common = {
    model: command.model,
    unit: unitDays === 7 ? ("week" as const) : ("day" as const),
    file: { rows, returns, refused: refused.count, examples: refused.examples },
    from: dateOf(transactions.firstDay),
    to: dateOf(endDay),
  };
  const ask = { ...command, endDay, lastDay };
  return command.model === "gamma-gamma"
    ? runGammaGamma(clients, transactions, common, ask)
    : runLeaving(clients, command.model, common, ask);
}

type Common = Pick<FitReport, "model" | "unit" | "file" | "from" | "to">;
type Ask = FitCommand & { readonly endDay: number; readonly lastDay: number };

function summarise({ days, amounts }: Purchases, observation: Parameters<typeof summarisePurchases>[1], has: boolean) {
  return has ? summarisePurchases(days, observation, amounts) : summarisePurchases(days, observation);
}

function checkDays(
  { firstDay, lastDay: lastOfFile }: Transactions,
  endDay: number,
  lastDay: number,
  cutoff?: number,
): void {
  const range = `the file has purchases from ${dateOf(firstDay)} to ${dateOf(lastOfFile)}`;
  if (endDay < firstDay) throw new FitError(`Nothing is left to fit before ${dateOf(endDay)}: ${range}.`);
  if (cutoff !== undefined && cutoff >= lastDay) {
    throw new FitError(`--cutoff ${dateOf(cutoff)} leaves no hold-out until ${dateOf(lastDay)}: ${range}.`);
  }
}

function runLeaving(clients: readonly Client[], name: LeavingModelName, common: Common, ask: Ask): Fitted {
  const { fit, modelOf } = leavingModels[name];
  if (!clients.some(({ repeats }) => repeats > 0)) {
    throw new FitError(`Nobody bought on two days until ${common.to}: there is no rhythm to learn.`);
  }
  const whole = fit(clients, { k: ask.k });
  const bySegment = Map.groupBy(clients, ({ segment }) => segment);
  const segments =
    ask.segment === undefined
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
  const heldOut = ask.cutoffDay !== undefined;
  const horizon = heldOut
    ? (ask.lastDay - ask.endDay) / ask.unitDays
    : (ask.horizon ?? usualHorizonDays / ask.unitDays);
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
    from: dateOf(ask.endDay + 1),
    to: dateOf(ask.lastDay),
    horizon,
    ...compareHoldOut(forecasts),
  };
  const report: FitReport = {
    ...common,
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

function runGammaGamma(clients: readonly Client[], { hasAmounts }: Transactions, common: Common, ask: Ask): Fitted {
  if (!hasAmounts) {
    throw new FitError(
      `gamma-gamma is fitted to amounts, and the file has no column "${ask.columns.amount}" (see --columns).`,
    );
  }
  const spendOf = ({ repeats, repeatValue = 0 }: Client) =>
    repeatValue > 0 ? { purchases: repeats, meanAmount: repeatValue } : { purchases: 0, meanAmount: 0 };
  const spends = clients.map(spendOf).filter(({ purchases }) => purchases > 0);
  if (spends.length === 0) throw new FitError(`Nobody spent anything on a second day until ${common.to}.`);
  const fit = fitGammaGamma(spends);
  const expectedOf = (client: Client) => expectedAmount(fit.parameters, spendOf(client)).expected;
  function* lines(): Generator<ClientLine> {
    for (const client of clients) {
      const amounts = {
        ...(client.repeatValue !== undefined && { mean_amount: client.repeatValue }),
        expected_amount: expectedOf(client) ?? null,
      };
      yield { client: client.name, ...summaryOf(client), ...amounts };
    }
  }
  const later = clients.filter(({ heldOut }) => heldOut > 0);
  return {
    report: {
      ...common,
      ...fitOf(fit),
      ...(ask.cutoffDay !== undefined && later.length > 0 && { amounts: compareAmounts(later, expectedOf) }),
    },
    clients: { [Symbol.iterator]: lines },
  };
}

function compareAmounts(
  clients: readonly Client[],
  expectedOf: (client: Client) => number | undefined,
): AmountComparison {
  const mean = (of: (client: Client) => number) =>
    clients.reduce((sum, client) => sum + of(client), 0) / clients.length;
  const expected = (client: Client) => expectedOf(client) ?? 0;
  const actual = (client: Client) => client.heldOutValue ?? 0;
  return {
    clients: clients.length,
    actual: mean(actual),
    expected: mean(expected),
    meanAbsoluteError: mean((client) => Math.abs(actual(client) - expected(client))),
  };
}

type FitFields = Pick<FitReport, "clients" | "repeatBuyers" | "repeats" | "logLikelihood" | "converged" | "iterations">;

function fitOf<P extends object>({
  parameters,
  standardErrors,
  ...fit
}: FitFields & { parameters: P; standardErrors: P | undefined }) {
  const { clients, repeatBuyers, repeats, logLikelihood, converged, iterations } = fit;
  return {
    ...{ clients, repeatBuyers, repeats, logLikelihood, converged, iterations },
    parameters: { ...parameters } as Numbers,
    standardErrors: standardErrors === undefined ? null : ({ ...standardErrors } as Numbers),
  };
}

const summaryOf = ({ repeats, recency, exposure }: ClientPurchases) => ({ x: repeats, t_x: recency, T: exposure });
