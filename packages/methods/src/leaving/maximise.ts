/** A function's value at a point, and its slope in each direction. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: readonly number[];
}

export interface Maximum {
  readonly point: readonly number[];
  readonly value: number;
  /** Whether the gradient is as good as zero there. */
  readonly converged: boolean;
  readonly iterations: number;
}

const MAX_ITERATIONS = 500;
/** Relative to 1 + |value|: a rise that is lost in rounding, and slopes that are as good as none. */
const LEAST_RISE = 1e-14;
const CONVERGED_GRADIENT = 1e-6;
/** No first step is longer: parameters are logarithms, and e^2 is far. */
const FIRST_STEP = 1;
const SUFFICIENT_RISE = 1e-4;
const CURVATURE = 0.9;
const MAX_TRIALS = 40;

/**
 * Maximises a smooth function of few variables by BFGS: the inverse Hessian is learnt from gradients, steps keep the weak
 * Wolfe conditions by bisection (Nocedal & Wright 2006, chapter 6; Lewis & Overton 2013, algorithm 2.6). A value that is
 * not finite counts as lower than any other, so bounds need no more than that.
 *
 * @throws RangeError when the function has no finite value at the start
 */
export function maximise(evaluate: (point: readonly number[]) => Evaluation, start: readonly number[]): Maximum {
  let point = start;
  let here = evaluate(point);
  if (!Number.isFinite(here.value)) throw new RangeError(`no finite value at the start (${start.join(", ")})`);
  let inverse = identity(start.length);
  let fresh = true;
  let iterations = 0;
  while (iterations < MAX_ITERATIONS) {
    let direction = times(inverse, here.gradient);
    if (!(dot(direction, here.gradient) > 0)) {
      inverse = identity(start.length);
      direction = [...here.gradient];
      fresh = true;
    }
    // To the summit of the parabola that fits here it is half of this.
    if (dot(direction, here.gradient) <= LEAST_RISE * (1 + Math.abs(here.value))) break;
    if (fresh) direction = scaled(direction, Math.min(1, FIRST_STEP / largest(direction)));
    const next = search(evaluate, point, here, direction);
    iterations++;
    if (next === undefined) {
      // Perhaps the curvature that was learnt is wrong; along the bare gradient nothing is left to gain.
      if (fresh) break;
      inverse = identity(start.length);
      fresh = true;
      continue;
    }
    const step = next.point.map((x, i) => x - point[i]!);
    const fall = here.gradient.map((g, i) => g - next.evaluation.gradient[i]!);
    const curvature = dot(step, fall);
    if (curvature > 0) {
      if (fresh) inverse = identity(start.length, curvature / dot(fall, fall));
      inverse = updated(inverse, step, fall, curvature);
      fresh = false;
    }
    point = next.point;
    here = next.evaluation;
  }
  const converged = largest(here.gradient) <= CONVERGED_GRADIENT * (1 + Math.abs(here.value));
  return { point, value: here.value, converged, iterations };
}

/** A point along the direction that rises enough and has lost most of the slope; undefined where nothing rises. */
function search(
  evaluate: (point: readonly number[]) => Evaluation,
  point: readonly number[],
  here: Evaluation,
  direction: readonly number[],
): { point: readonly number[]; evaluation: Evaluation } | undefined {
  const slope = dot(here.gradient, direction);
  let best: { point: readonly number[]; evaluation: Evaluation } | undefined;
  let [low, high, length] = [0, Number.POSITIVE_INFINITY, 1];
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const to = point.map((x, i) => x + length * direction[i]!);
    const there = evaluate(to);
    if (!(there.value >= here.value + SUFFICIENT_RISE * length * slope)) high = length;
    else {
      if (there.value > here.value) best = { point: to, evaluation: there };
      if (dot(there.gradient, direction) <= CURVATURE * slope) return best;
      low = length;
    }
    length = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
  }
  return best;
}

/** BFGS update of the inverse Hessian of -f. */
function updated(inverse: readonly number[][], step: number[], fall: number[], curvature: number): number[][] {
  const moved = times(inverse, fall);
  const factor = (1 + dot(fall, moved) / curvature) / curvature;
  return inverse.map((row, i) =>
    row.map((h, j) => h + factor * step[i]! * step[j]! - (moved[i]! * step[j]! + step[i]! * moved[j]!) / curvature),
  );
}

function identity(size: number, scale = 1): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? scale : 0)));
}

const times = (matrix: readonly number[][], vector: readonly number[]): number[] =>
  matrix.map((row) => dot(row, vector));
const scaled = (vector: readonly number[], factor: number): number[] => vector.map((x) => factor * x);
const largest = (vector: readonly number[]): number => Math.max(...vector.map(Math.abs));

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
