/** How many purchases a client will make within a horizon: a distribution, not a number. */
export interface FuturePurchases {
  readonly expected: number;
  /** atLeast[m]: P(m purchases or more); atLeast[0] = 1. What is rarer than 1 in 10^12 is left out. */
  readonly atLeast: readonly number[];
}

/** The rarest number of purchases that is followed up. */
export const NEGLIGIBLE_TAIL = 1e-12;
/** No forecast follows more; only a horizon of thousands of times the history gets there. */
const MOST_EVENTS = 1_000_000;

/**
 * P(N >= n) of a negative binomial distribution, n asked in rising order: events in a time t of a Poisson process whose
 * rate is gamma (shape, rate), with z = t / (rate + t). Logs keep it from underflow at any shape.
 */
export function negativeBinomialTail(shape: number, z: number): (n: number) => number {
  const [logZ, mean] = [Math.log(z), (shape * z) / (1 - z)];
  let events = 0;
  let log = shape * Math.log1p(-z);
  let below = 0;
  return (n) => {
    if (z <= 0) return n <= 0 ? 1 : 0;
    while (events < n) {
      const probability = Math.exp(log);
      below += probability;
      log += Math.log((shape + events) / (events + 1)) + logZ;
      events++;
      // Rounding of the sum must not pass for a tail that is long gone.
      if ((events > mean && probability < NEGLIGIBLE_TAIL * 1e-3) || events > MOST_EVENTS) below = 1;
      if (below >= 1) return 0;
    }
    return Math.max(0, 1 - below);
  };
}

/** @param tail P(at least m purchases), m = 1, 2, ... in turn */
export function futureOf(tail: (purchases: number) => number): FuturePurchases {
  const atLeast = [1];
  let expected = 0;
  for (let m = 1; ; m++) {
    const probability = tail(m);
    if (!(probability > NEGLIGIBLE_TAIL)) return { expected, atLeast };
    atLeast.push(probability);
    expected += probability;
  }
}

/** The least number of purchases that is not exceeded with this probability. */
export function quantileOfPurchases({ atLeast }: FuturePurchases, probability: number): number {
  let most = 0;
  while (1 - (atLeast[most + 1] ?? 0) < probability) most++;
  return most;
}

/**
 * The interval that holds the number of purchases with at least this probability, as much left out below as above.
 *
 * @throws RangeError unless 0 < level < 1
 */
export function intervalOfPurchases(future: FuturePurchases, level: number): { low: number; high: number } {
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be within 0 to 1, got ${level}`);
  const outside = (1 - level) / 2;
  return { low: quantileOfPurchases(future, outside), high: quantileOfPurchases(future, 1 - outside) };
}
