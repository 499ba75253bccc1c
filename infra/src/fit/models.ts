import {
  bgNbd,
  type ClientPurchases,
  fitBgNbd,
  fitMbgCnbd,
  fitNbd,
  fitParetoNbd,
  type LeavingModel,
  type ModelFit,
  mbgCnbd,
  nbd,
  paretoNbd,
} from "@keypulse/methods";
import type { ModelName } from "./options.ts";

export type LeavingModelName = Exclude<ModelName, "gamma-gamma">;

type Numbers = Readonly<Record<string, number>>;
type Fit = ModelFit<Numbers> & {
  readonly k?: number;
  readonly tried?: readonly { k: number; logLikelihood: number }[];
};

interface Options {
  readonly k?: number | undefined;
  readonly start?: Numbers;
  readonly prior?: { readonly centre: Numbers; readonly logSd: number };
}

type Fitter<P> = (clients: readonly ClientPurchases[], options: object) => ModelFit<P> & { readonly k?: number };

/** One way to call them all: parameters by name, whatever the model calls them. */
function entry<P extends object>(fit: Fitter<P>, create: (parameters: P, k: number) => LeavingModel) {
  const modelOf = (found: Fit): LeavingModel => create(found.parameters as unknown as P, found.k ?? 1);
  return {
    fit: (clients: readonly ClientPurchases[], options: Options): Fit => {
      const given = Object.entries(options).filter(([, value]) => value !== undefined);
      return fit(clients, Object.fromEntries(given)) as unknown as Fit;
    },
    modelOf,
  };
}

export const leavingModels = {
  "mbg-cnbd-k": {
    title: "MBG/CNBD-k (Platzer & Reutterer 2016)",
    ...entry(fitMbgCnbd, (parameters, k) => mbgCnbd(k, parameters)),
  },
  "pareto-nbd": { title: "Pareto/NBD (Schmittlein, Morrison & Colombo 1987)", ...entry(fitParetoNbd, paretoNbd) },
  "bg-nbd": { title: "BG/NBD (Fader, Hardie & Lee 2005)", ...entry(fitBgNbd, bgNbd) },
  nbd: { title: "NBD (Ehrenberg 1959)", ...entry(fitNbd, nbd) },
} as const satisfies Record<LeavingModelName, unknown>;
