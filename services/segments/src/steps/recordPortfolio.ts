import type { EngineLogger } from "@keypulse/engines";
import type { PortfolioHistory } from "../outputs/portfolioHistory.ts";

/**
 * Brings the portfolio's months that are over up to date.
 * @returns months that were computed
 */
export function createRecordPortfolio(parts: { history: PortfolioHistory; clock: () => number; logger: EngineLogger }) {
  const { history, clock, logger } = parts;
  return async function recordPortfolio(): Promise<number> {
    const stale = await history.stale();
    for (const month of stale) await history.record(month, clock());
    if (stale.length > 0) logger.info({ months: stale.length, last: stale.at(-1)!.month }, "the portfolio's months");
    return stale.length;
  };
}
