import type { EngineLogger } from "@keypulse/engines";
import type { PortfolioHistory } from "../outputs/portfolioHistory.ts";

/**
 * Brings the portfolio's months up to date, at most once in a while: months that are over change seldom.
 * @returns months that were computed
 */
export function createRecordPortfolio(parts: {
  history: PortfolioHistory;
  everyMs: number;
  clock: () => number;
  logger: EngineLogger;
}) {
  const { history, everyMs, clock, logger } = parts;
  let lastMs = Number.NEGATIVE_INFINITY;
  return async function recordPortfolio(): Promise<number> {
    if (clock() - lastMs < everyMs) return 0;
    const stale = await history.stale();
    for (const month of stale) await history.record(month, clock());
    lastMs = clock();
    if (stale.length > 0) logger.info({ months: stale.length, last: stale.at(-1)!.month }, "the portfolio's months");
    return stale.length;
  };
}
