import { expectedAmount, fitGammaGamma } from "@keypulse/methods";
import { FitError } from "./fitError.ts";
import type { AmountComparison, ClientLine, Fitted } from "./fitReport.ts";
import { type Client, fitOf, type Observed, summaryOf } from "./observed.ts";

/** Fits the amounts of repeat purchases. @throws FitError where there are none */
export function fitAmounts({ clients, hasAmounts, about, command }: Observed): Fitted {
  if (!hasAmounts) {
    throw new FitError(
      `gamma-gamma is fitted to amounts, and the file has no column "${command.columns.amount}" (see --columns).`,
    );
  }
  const spendOf = ({ repeats, repeatValue = 0 }: Client) =>
    repeatValue > 0 ? { purchases: repeats, meanAmount: repeatValue } : { purchases: 0, meanAmount: 0 };
  const spends = clients.map(spendOf).filter(({ purchases }) => purchases > 0);
  if (spends.length === 0) throw new FitError(`Nobody spent anything on a second day until ${about.to}.`);
  const fit = fitGammaGamma(spends);
  const expectedOf = (client: Client) => expectedAmount(fit.parameters, spendOf(client)).expected;
  function* lines(): Generator<ClientLine> {
    for (const client of clients) {
      const amounts = {
        ...(client.repeatValue !== undefined && { mean_amount: client.repeatValue }),
        expected_amount: expectedOf(client) ?? null,
      };
      yield { client: client.name, ...summaryOf(client), ...amounts };
    }
  }
  const later = clients.flatMap((client) => {
    const expected = expectedOf(client);
    const actual = client.heldOutValue;
    return actual === undefined || expected === undefined ? [] : [{ actual, expected }];
  });
  return {
    report: {
      ...about,
      ...fitOf(fit),
      ...(command.cutoffDay !== undefined && later.length > 0 && { amounts: compareAmounts(later) }),
    },
    clients: { [Symbol.iterator]: lines },
  };
}

function compareAmounts(clients: readonly { actual: number; expected: number }[]): AmountComparison {
  const mean = (of: (client: { actual: number; expected: number }) => number) =>
    clients.reduce((sum, client) => sum + of(client), 0) / clients.length;
  return {
    clients: clients.length,
    actual: mean(({ actual }) => actual),
    expected: mean(({ expected }) => expected),
    meanAbsoluteError: mean(({ actual, expected }) => Math.abs(actual - expected)),
  };
}
