import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  bgNbd,
  expectedAmount,
  fitBgNbd,
  fitGammaGamma,
  fitMbgCnbd,
  fitParetoNbd,
  type LeavingModel,
  mbgCnbd,
  type PurchaseSummary,
  paretoNbd,
} from "@keypulse/methods";

const run = promisify(execFile);
const script = fileURLToPath(new URL("clients/fit.py", import.meta.url));
const cdnow = fileURLToPath(
  new URL("../../packages/methods/test-data/cdnow-customers-summary-with-value.csv", import.meta.url),
);
const horizonWeeks = 39;

/** What a model says of CDNOW's 2,357 customers, and how long each of its fits took. */
export interface FitOfCdnow {
  readonly parameters: Readonly<Record<string, number>>;
  readonly seconds: readonly number[];
  /** P(alive) and purchases expected in 39 weeks by customer. */
  readonly alive?: readonly number[];
  readonly expected?: readonly number[];
  /** Expected amount of a purchase by customer with repeats. */
  readonly amounts?: readonly number[];
}

export const fittedModels = ["bg-nbd", "mbg-nbd", "pareto-nbd", "gamma-gamma"] as const;
export type FitsOfCdnow = Readonly<Record<(typeof fittedModels)[number], FitOfCdnow>>;

export async function fitByLifetimes(python: string, times: number): Promise<FitsOfCdnow> {
  const { stdout } = await run(python, [script, cdnow, String(horizonWeeks), String(times)], { maxBuffer: 1e8 });
  return JSON.parse(stdout) as FitsOfCdnow;
}

export function fitByKeypulse(times: number): FitsOfCdnow {
  const rows = readFileSync(cdnow, "utf8").trim().split("\n").slice(1);
  const clients = rows.map((row) => {
    const [, repeats, recency, exposure, meanAmount] = row.split(",").map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { repeats, recency, exposure, meanAmount };
  });
  const spends = clients
    .map(({ repeats, meanAmount }) => ({ purchases: repeats, meanAmount }))
    .filter(({ purchases }) => purchases > 0);
  const leaving = <P extends object>(
    fit: (of: readonly PurchaseSummary[]) => { parameters: P },
    model: (parameters: P) => LeavingModel,
  ): FitOfCdnow => {
    const { found, seconds } = timed(() => fit(clients), times);
    const asked = model(found.parameters);
    return {
      parameters: { ...found.parameters } as Record<string, number>,
      seconds,
      alive: clients.map((client) => asked.probabilityAlive(client)),
      expected: clients.map((client) => asked.expectedPurchases(client, horizonWeeks)),
    };
  };
  const { found: amounts, seconds } = timed(() => fitGammaGamma(spends), times);
  return {
    "bg-nbd": leaving(fitBgNbd, bgNbd),
    "mbg-nbd": leaving(
      (of) => fitMbgCnbd(of, { k: 1 }),
      (parameters) => mbgCnbd(1, parameters),
    ),
    "pareto-nbd": leaving(fitParetoNbd, paretoNbd),
    "gamma-gamma": {
      parameters: { ...amounts.parameters },
      seconds,
      amounts: spends.map((spend) => expectedAmount(amounts.parameters, spend).expected!),
    },
  };
}

function timed<T>(fit: () => T, times: number): { found: T; seconds: number[] } {
  const seconds: number[] = [];
  let found: T | undefined;
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    found = fit();
    seconds.push((performance.now() - began) / 1000);
  }
  return { found: found!, seconds };
}
