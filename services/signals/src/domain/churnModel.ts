import {
  defaultSegmentSettings,
  type FitOptions,
  fitMbgCnbd,
  fitParetoNbd,
  fitSegments,
  type LeavingModel,
  type MbgCnbdParameters,
  type ModelFit,
  mbgCnbd,
  type ParetoNbdParameters,
  type PurchaseSummary,
  paretoNbd,
} from "@keypulse/methods";

/** Times of all parameters are weeks. */
export const unitDays = 7;
/** Fewer say nothing of how clients differ: the standard errors are then as large as the parameters. */
export const fewestRepeatBuyers = 30;
/** Clients leaving a week under which the data show hardly anyone leaving: 1 % a year. */
const hardlyAnyone = 0.01 / 52;

/** Parameters of a fit, as they are kept. */
export interface StoredModel {
  readonly model: string;
  /** 0 for Pareto/NBD. */
  readonly k: number;
  readonly parameters: Readonly<Record<string, number>>;
}

type Parameters = StoredModel["parameters"];

export interface ChurnFit extends StoredModel {
  readonly fit: ModelFit<Parameters>;
  readonly leaving: LeavingModel;
  readonly logLikelihood: number;
  readonly reason: string;
  /** P(alive) is near 1 for all, and says little. */
  readonly nobodyLeaves: boolean;
}

interface Candidate extends ChurnFit {
  readonly converged: boolean;
}

/**
 * MBG/CNBD-k with the k of the greatest likelihood. Where its search does not end, or ends where nobody leaves, the
 * Pareto/NBD, in which clients may leave between orders too; then k = 1. Where all see nobody leave, the first.
 *
 * @param last fit of an earlier day, from which the search begins (warm start)
 * @throws RangeError where nobody ordered on two days, or as fitMbgCnbd
 */
export function fitChurnModel(clients: readonly PurchaseSummary[], last?: StoredModel): ChurnFit {
  const rejected: string[] = [];
  let first: ChurnFit | undefined;
  const attempts = [
    () => fitRegular(clients, last),
    () => fitPareto(clients, last),
    () => fitRegular(clients, undefined, 1),
  ];
  for (const attempt of attempts) {
    const { converged, ...fit } = attempt();
    const fault = !converged
      ? "found no greatest likelihood"
      : fit.nobodyLeaves
        ? "sees hardly anyone leave"
        : undefined;
    if (fault === undefined) return { ...fit, reason: [...rejected, fit.reason].join("; ") };
    rejected.push(`${fit.model} ${fault}`);
    first ??= fit;
  }
  return { ...first!, reason: [...rejected, "no other model does better"].join("; ") };
}

/**
 * A fit to each segment, with the model and the k of the whole: small segments are pulled towards the whole's parameters
 * (see `fitSegments`). O(clients).
 *
 * @param last fits of an earlier day by segment (warm start)
 */
export function fitChurnSegments(
  whole: ChurnFit,
  segments: ReadonlyMap<string, readonly PurchaseSummary[]>,
  last: ReadonlyMap<string, StoredModel>,
): Map<string, ChurnFit> {
  const { model, k } = whole;
  const fitOne = (clients: readonly PurchaseSummary[], options: FitOptions<Parameters>): ModelFit<Parameters> =>
    k > 0
      ? named(fitMbgCnbd(clients, { ...(options as FitOptions<never>), k }))
      : named(fitParetoNbd(clients, options as FitOptions<never>));
  const starts = [...last].flatMap(([name, fit]) => (fit.k === k ? [[name, fit.parameters] as const] : []));
  const found = fitSegments(whole.fit, segments, fitOne, defaultSegmentSettings, new Map(starts));
  return new Map(
    [...found].flatMap(([name, { fit, origin }]) => {
      const reason =
        origin === "own" ? "its own clients are enough" : "few repeat buyers: pulled towards the fit of all clients";
      const { converged, ...segment } = candidate(fit, { model, k, parameters: fit.parameters }, reason);
      // Who has no fit of their own keeps that of all clients.
      return converged ? [[name, segment]] : [];
    }),
  );
}

function fitRegular(clients: readonly PurchaseSummary[], last?: StoredModel, only?: number): Candidate {
  const start = last !== undefined && last.k > 0 ? (last.parameters as unknown as MbgCnbdParameters) : undefined;
  const isUsable = last !== undefined && start !== undefined && !(rateOfLeaving(last) < hardlyAnyone);
  const fit = fitMbgCnbd(clients, { ...(isUsable && { start }), ...(only !== undefined && { k: only }) });
  const { k, tried } = fit;
  const found = tried.map((each) => `${each.k}: ${each.logLikelihood.toFixed(1)}`).join(", ");
  const reason = only === undefined ? `k = ${k} has the greatest log-likelihood (${found})` : `k = ${k} did`;
  return candidate(named(fit), { model: `MBG/CNBD-${k}`, k, parameters: { ...fit.parameters } }, reason);
}

function fitPareto(clients: readonly PurchaseSummary[], last?: StoredModel): Candidate {
  const start = last?.k === 0 ? (last.parameters as unknown as ParetoNbdParameters) : undefined;
  const fit = fitParetoNbd(clients, start === undefined ? {} : { start });
  return candidate(named(fit), { model: "Pareto/NBD", k: 0, parameters: { ...fit.parameters } }, "the Pareto/NBD did");
}

/** Parameters by name: what fits of all models have in common. */
const named = <P>(fit: ModelFit<P>): ModelFit<Parameters> => fit as unknown as ModelFit<Parameters>;

const candidate = (fit: ModelFit<Parameters>, stored: StoredModel, reason: string): Candidate => ({
  ...stored,
  fit,
  leaving: modelOf(stored),
  logLikelihood: fit.logLikelihood,
  reason,
  nobodyLeaves: rateOfLeaving(stored) < hardlyAnyone,
  converged: fit.converged && Number.isFinite(fit.logLikelihood),
});

const modelOf = ({ k, parameters }: StoredModel): LeavingModel =>
  k > 0
    ? mbgCnbd(k, parameters as unknown as MbgCnbdParameters)
    : paretoNbd(parameters as unknown as ParetoNbdParameters);

/** Of a client with mean parameters, a week. */
function rateOfLeaving({ k, parameters }: StoredModel): number {
  const { r = 0, alpha = 1, a = 0, b = 1, s = 0, beta = 1 } = parameters;
  return k > 0 ? (r / (k * alpha)) * (a / (a + b)) : s / beta;
}
