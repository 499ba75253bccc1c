import { type Evaluation, maximise } from "./maximise.ts";

export interface ModelFit<P> {
  readonly parameters: P;
  readonly logLikelihood: number;
  /** Of the parameters, from the observed information (Hessian); undefined where the likelihood is flat or has an edge. */
  readonly standardErrors: P | undefined;
  readonly clients: number;
  readonly repeatBuyers: number;
  /** Purchases after each client's first. */
  readonly repeats: number;
  readonly converged: boolean;
  readonly iterations: number;
}

export interface FitOptions<P> {
  /**
   * Where the search begins, such as the last fit's parameters (warm start). Left aside when it is far out, where the
   * likelihood is as good as flat and a search would end at once, though clients may have begun to differ since.
   */
  readonly start?: P;
  /** Pulls the parameters towards others; see `fitSegments`. */
  readonly prior?: LogNormalPrior<P>;
}

/** ln(parameter) is normal around ln(centre), each for itself. */
export interface LogNormalPrior<P> {
  readonly centre: P;
  readonly logSd: number;
}

interface Likelihood<P> {
  readonly panel: { readonly clients: number; readonly repeatBuyers: number; readonly repeats: number };
  /** Log-likelihood and its slopes in the parameters themselves, in the order of `start`'s. */
  readonly evaluate: (...parameters: number[]) => Evaluation;
  readonly start: P;
}

/** Beyond these ln(parameter) nothing that was observed can tell one value from another: clients are all alike, say. */
const LARGEST_LOG_OF_SHAPES = 10;
const LARGEST_LOG_OF_SCALES = 25;
/** As a share of these limits. */
const FARTHEST_START = 0.6;
const scales: readonly string[] = ["alpha", "beta", "gamma"];
const HESSIAN_STEP = 1e-4;

/**
 * Maximum likelihood (with a prior: maximum posterior) on the log scale, where parameters are free and far from skewed.
 * The log-likelihood of the result leaves the prior out.
 *
 * @throws RangeError when a start or a centre is not positive
 */
export function fitByLikelihood<P extends { readonly [K in keyof P]: number }>(
  { panel, evaluate, start }: Likelihood<P>,
  options: FitOptions<P>,
): ModelFit<P> {
  const names = Object.keys(start) as (keyof P)[];
  const logsOf = (given: P) => names.map((name) => positiveLog(given[name], String(name)));
  const named = (values: readonly number[]) => Object.fromEntries(names.map((name, i) => [name, values[i]])) as P;
  const prior = options.prior && { centre: logsOf(options.prior.centre), weight: options.prior.logSd ** -2 };

  const limits = names.map((name) => (scales.includes(String(name)) ? LARGEST_LOG_OF_SCALES : LARGEST_LOG_OF_SHAPES));
  const likelihoodAt = (logs: readonly number[]): Evaluation => {
    const parameters = logs.map(Math.exp);
    const { value, gradient } = evaluate(...parameters);
    return { value, gradient: gradient.map((slope, i) => slope * parameters[i]!) };
  };
  const posteriorAt = (logs: readonly number[]): Evaluation => {
    const { value, gradient } = likelihoodAt(logs);
    if (prior === undefined) return { value, gradient };
    const off = logs.map((log, i) => log - prior.centre[i]!);
    return {
      value: value - (prior.weight / 2) * off.reduce((sum, each) => sum + each * each, 0),
      gradient: gradient.map((slope, i) => slope - prior.weight * off[i]!),
    };
  };

  // Searched for on a scale that never passes the limits: near 0 it is ln(parameter), far out it comes to a stand.
  const logsAt = (soft: readonly number[]) => soft.map((x, i) => limits[i]! * Math.tanh(x / limits[i]!));
  const softAt = (logs: readonly number[]) => logs.map((log, i) => limits[i]! * Math.atanh(within(log / limits[i]!)));
  const isNear = (given: P) => names.every((name, i) => Math.abs(Math.log(given[name])) < FARTHEST_START * limits[i]!);
  const given = [options.start, options.prior?.centre].filter((each) => each !== undefined);
  // The last of them when nobody repeated, and so there is no mean rate to start from.
  const begin = [...given, start].find(isNear) ?? given.at(-1) ?? start;
  const found = maximise(
    (soft) => {
      const logs = logsAt(soft);
      const { value, gradient } = posteriorAt(logs);
      return { value, gradient: gradient.map((slope, i) => slope * (1 - (logs[i]! / limits[i]!) ** 2)) };
    },
    softAt(logsOf(begin)),
  );
  const logs = logsAt(found.point);
  const parameters = logs.map(Math.exp);
  const covariance = inverse(observedInformation(posteriorAt, logs));
  return {
    parameters: named(parameters),
    logLikelihood: prior === undefined ? found.value : likelihoodAt(logs).value,
    standardErrors: covariance && named(parameters.map((parameter, i) => parameter * Math.sqrt(covariance[i]![i]!))),
    clients: panel.clients,
    repeatBuyers: panel.repeatBuyers,
    repeats: panel.repeats,
    converged: found.converged,
    iterations: found.iterations,
  };
}

const within = (share: number): number => Math.max(-0.99, Math.min(0.99, share));

function positiveLog(value: number, name: string): number {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be > 0 and finite, got ${value}`);
  return Math.log(value);
}

/** Minus the Hessian, by central differences of the gradient. */
function observedInformation(evaluate: (logs: readonly number[]) => Evaluation, at: readonly number[]): number[][] {
  const shifted = (index: number, by: number) => evaluate(at.map((log, i) => (i === index ? log + by : log))).gradient;
  const columns = at.map((_, index) => {
    const above = shifted(index, HESSIAN_STEP);
    const below = shifted(index, -HESSIAN_STEP);
    return above.map((slope, i) => (below[i]! - slope) / (2 * HESSIAN_STEP));
  });
  return columns.map((column, i) => column.map((value, j) => (value + columns[j]![i]!) / 2));
}

/** Inverse by Cholesky's factors; undefined unless the matrix is positive definite. */
function inverse(matrix: readonly number[][]): number[][] | undefined {
  const size = matrix.length;
  const factor = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]![j]!;
      for (let k = 0; k < j; k++) rest -= factor[i]![k]! * factor[j]![k]!;
      if (i !== j) factor[i]![j] = rest / factor[j]![j]!;
      else if (rest > 1e-10 * Math.abs(matrix[i]![i]!)) factor[i]![i] = Math.sqrt(rest);
      else return undefined;
    }
  }
  const columns = factor.map((_, unit) => {
    const column = factor.map(() => 0);
    for (let i = 0; i < size; i++) {
      let rest = i === unit ? 1 : 0;
      for (let k = 0; k < i; k++) rest -= factor[i]![k]! * column[k]!;
      column[i] = rest / factor[i]![i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let rest = column[i]!;
      for (let k = i + 1; k < size; k++) rest -= factor[k]![i]! * column[k]!;
      column[i] = rest / factor[i]![i]!;
    }
    return column;
  });
  return columns;
}
