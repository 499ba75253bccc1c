import type { FitOptions, ModelFit } from "./fitting.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";

export interface SegmentSettings {
  /** A segment of so many repeat buyers speaks for itself. */
  readonly enoughRepeatBuyers: number;
  /** How far segments may differ: the spread of ln(parameter) among segments that smaller ones are assumed to have. */
  readonly logSd: number;
}

export const defaultSegmentSettings: SegmentSettings = { enoughRepeatBuyers: 500, logSd: 0.5 };

export interface SegmentFit<P> {
  readonly fit: ModelFit<P>;
  /** "own": its clients alone; "pulled": its clients, and the whole as prior; "whole": it has no clients. */
  readonly origin: "own" | "pulled" | "whole";
}

/**
 * Fits a model to each segment. Few clients can't tell four parameters: small segments are pulled towards the whole's by a
 * normal prior on ln(parameters), centred on the whole's, whose standard deviation says how much segments are thought to
 * differ (.5: two thirds within a factor of 1.65). The likelihood outweighs it as clients come in. k of MBG/CNBD-k is the
 * whole's: hand in a `fit` that holds it.
 *
 * @param fit such as `fitParetoNbd`
 * @param last fits of the time before by segment, from which the search begins
 */
export function fitSegments<P>(
  whole: ModelFit<P>,
  segments: ReadonlyMap<string, readonly PurchaseSummary[]>,
  fit: (clients: readonly PurchaseSummary[], options: FitOptions<P>) => ModelFit<P>,
  settings: SegmentSettings = defaultSegmentSettings,
  last: ReadonlyMap<string, P> = new Map(),
): Map<string, SegmentFit<P>> {
  const { enoughRepeatBuyers, logSd } = settings;
  const found = new Map<string, SegmentFit<P>>();
  for (const [name, clients] of segments) {
    const start = last.get(name) ?? whole.parameters;
    if (clients.length === 0) found.set(name, { fit: whole, origin: "whole" });
    else if (clients.filter(({ repeats }) => repeats > 0).length >= enoughRepeatBuyers) {
      found.set(name, { fit: fit(clients, { start }), origin: "own" });
    } else {
      const prior = { centre: whole.parameters, logSd };
      found.set(name, { fit: fit(clients, { start, prior }), origin: "pulled" });
    }
  }
  return found;
}
