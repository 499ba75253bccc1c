/** kafkajs 2.2.4 asks for timers in the past, which Node 24 warns of. */
export const kafkajsWarning = "TimeoutNegativeWarning";

/**
 * Options of Node for every service. A small young generation: batches live longer than it anyway, and the worker's
 * memory falls by a fifth at the same CPU (measured by `npm run bench -- ingest`).
 */
export const serviceNodeOptions: readonly string[] = [`--disable-warning=${kafkajsWarning}`, "--max-semi-space-size=8"];
