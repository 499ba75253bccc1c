import { type FitOfCdnow, fitByKeypulse, fitByLifetimes, fittedModels } from "../analysts/lifetimes.ts";
import { pythonWithPackages } from "../analysts/python.ts";

const times = 5;

interface FitLine {
  readonly model: string;
  readonly parameters: Readonly<Record<string, { keypulse: number; lifetimes: number }>>;
  /** The first fit, when nothing is compiled or cached yet, and the fastest of five. */
  readonly keypulseMs: { first: number; best: number };
  readonly lifetimesMs: { first: number; best: number };
}

export interface FitBench {
  readonly lines: readonly FitLine[];
  readonly text: string;
}

/** The same data fitted by Keypulse and by Python's lifetimes: the same parameters, and the time of each. */
export async function benchFit(): Promise<FitBench> {
  const python = await pythonWithPackages((what) => {
    throw new Error(what);
  });
  const [ours, theirs] = [fitByKeypulse(times), await fitByLifetimes(python, times)];
  const lines = fittedModels.map((model): FitLine => {
    const [our, their] = [ours[model], theirs[model]];
    const both = Object.entries(our.parameters).map(
      ([name, keypulse]) => [name, { keypulse, lifetimes: their.parameters[name]! }] as const,
    );
    return { model, parameters: Object.fromEntries(both), keypulseMs: msOf(our), lifetimesMs: msOf(their) };
  });
  return { lines, text: describe(lines) };
}

const msOf = ({ seconds }: FitOfCdnow) => ({ first: seconds[0]! * 1000, best: Math.min(...seconds) * 1000 });

function describe(lines: readonly FitLine[]): string {
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(13) : cell.padStart(13))).join("");
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  return [
    row(["CDNOW, 2,357", "", "Keypulse", "lifetimes", ""]),
    ...lines.flatMap(({ model, parameters, keypulseMs, lifetimesMs }) => [
      ...Object.entries(parameters).map(([name, { keypulse, lifetimes }], i) =>
        row([i === 0 ? model : "", name, keypulse.toFixed(5), lifetimes.toFixed(5)]),
      ),
      ...(["first", "best"] as const).map((which) =>
        row([
          "",
          `${which} fit`,
          ms(keypulseMs[which]),
          ms(lifetimesMs[which]),
          `${(lifetimesMs[which] / keypulseMs[which]).toFixed(1)} times`,
        ]),
      ),
    ]),
  ].join("\n");
}
