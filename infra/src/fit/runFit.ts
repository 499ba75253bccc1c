import { summarisePurchases } from "@keypulse/methods";
import { dateOf } from "./day.ts";
import { fitAmounts } from "./fitAmounts.ts";
import { FitError } from "./fitError.ts";
import { fitLeaving } from "./fitLeaving.ts";
import type { Fitted } from "./fitReport.ts";
import type { Client, Observed } from "./observed.ts";
import type { FitCommand } from "./options.ts";
import type { Transactions } from "./transactions.ts";

/** Sums up every client until the cutoff and fits the model. @throws FitError where the file has not what it needs */
export function runFit(transactions: Transactions, command: FitCommand): Fitted {
  const { model } = command;
  const observed = observe(transactions, command);
  return model === "gamma-gamma" ? fitAmounts(observed) : fitLeaving(observed, model);
}

function observe(transactions: Transactions, command: FitCommand): Observed {
  const { rows, returns, refused, hasAmounts, firstDay } = transactions;
  const { unitDays, cutoffDay } = command;
  const lastDay = command.untilDay ?? transactions.lastDay;
  const endDay = cutoffDay ?? lastDay;
  checkDays(transactions, endDay, lastDay, cutoffDay);
  const observation = { endDay, unitDays, holdOutEndDay: lastDay };
  const clients: Client[] = [];
  for (const [name, { days, amounts, segment }] of transactions.clients) {
    const summary = summarisePurchases(days, observation, ...(hasAmounts ? [amounts] : []));
    if (summary !== undefined) clients.push({ ...summary, name, segment });
  }
  const about = {
    model: command.model,
    unit: unitDays === 7 ? ("week" as const) : ("day" as const),
    file: { rows, returns, refused: refused.count, examples: refused.examples },
    from: dateOf(firstDay),
    to: dateOf(endDay),
  };
  return { clients, hasAmounts, endDay, lastDay, about, command };
}

function checkDays(
  { firstDay, lastDay: lastOfFile }: Transactions,
  endDay: number,
  lastDay: number,
  cutoff?: number,
): void {
  const range = `the file has purchases from ${dateOf(firstDay)} to ${dateOf(lastOfFile)}`;
  if (endDay < firstDay) throw new FitError(`Nothing is left to fit before ${dateOf(endDay)}: ${range}.`);
  if (cutoff !== undefined && cutoff >= lastDay) {
    throw new FitError(`--cutoff ${dateOf(cutoff)} leaves no hold-out until ${dateOf(lastDay)}: ${range}.`);
  }
}
