import type { ClientPurchases } from "@keypulse/methods";
import type { FitReport, Numbers } from "./fitReport.ts";
import type { FitCommand } from "./options.ts";

/** A client of the file, summed up until the last day that is fitted. */
export interface Client extends ClientPurchases {
  readonly name: string;
  readonly segment: string;
}

/** What is fitted, whichever model it is. */
export interface Observed {
  readonly clients: readonly Client[];
  readonly hasAmounts: boolean;
  /** Last day of what is fitted, and of what counts at all. */
  readonly endDay: number;
  readonly lastDay: number;
  /** The report's first lines. */
  readonly about: Pick<FitReport, "model" | "unit" | "file" | "from" | "to">;
  readonly command: FitCommand;
}

/** The client's numbers by their names in the papers. */
export const summaryOf = ({ repeats, recency, exposure }: ClientPurchases) => ({
  x: repeats,
  t_x: recency,
  T: exposure,
});

type FitFields = Pick<FitReport, "clients" | "repeatBuyers" | "repeats" | "logLikelihood" | "converged" | "iterations">;

/** A fit as the report shows it. */
export function fitOf<P extends object>({
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
