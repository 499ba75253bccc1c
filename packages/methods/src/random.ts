/** Numbers in [0, 1), the same for the same seed on every machine (Mulberry32): simulations can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A Poisson count by multiplying uniforms (Knuth); for means up to some hundred. */
export function poissonCount(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** How many of `count` are kept, each with `probability`. */
export function binomialCount(count: number, probability: number, random: () => number): number {
  if (probability >= 1) return count;
  if (probability <= 0) return 0;
  // Beyond this the normal limit is exact to a fraction of a per cent, and a client with a million events stays cheap.
  if (count > 10_000) {
    const sd = Math.sqrt(count * probability * (1 - probability));
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.min(count, Math.max(0, Math.round(count * probability + sd * normal)));
  }
  let kept = 0;
  for (let i = 0; i < count; i++) if (random() < probability) kept++;
  return kept;
}
