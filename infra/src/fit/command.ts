import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { UnreadableFile } from "@keypulse/connectors/files";
import { ImportError } from "../import/importError.ts";
import { openOrderFile } from "../import/orderFile.ts";
import { FitError } from "./fitError.ts";
import type { Fitted } from "./fitReport.ts";
import { type FitCommand, readFitOptions, UsageError } from "./options.ts";
import { showFit, showRefused } from "./report.ts";
import { runFit } from "./runFit.ts";
import { readTransactions, type Transactions } from "./transactions.ts";
import { writeCsv, writeJson } from "./writeClients.ts";

const help = `Usage: npm run fit -- --csv FILE [options]

Fits a churn model to a list of purchases, by maximum likelihood: who is still a client, how often will they buy, how
much will they spend. FILE has a row a purchase and a header with the columns client, time and, if you like, amount
(ISO 8601 times; comma, semicolon or tab between the cells; may be packed by gzip). Needs no engine, sends nothing.

  --model NAME      mbg-cnbd-k (default; as regular as the purchases are), pareto-nbd, bg-nbd, nbd, gamma-gamma
                    (amounts). mbg-nbd is mbg-cnbd-k with k = 1
  --cutoff DATE     fits what was bought until DATE, that day included, and compares what the model then expects of each
                    client with what came
  --until DATE      takes nothing after DATE into account; default: the last day of the file
  --unit week|day   unit of time of the parameters; default week
  --k N             regularity of mbg-cnbd-k; default: the likeliest of 1 to 6
  --horizon N       without a cutoff: how far to look ahead, in units; default 52 weeks or 364 days
  --columns LIST    where the header has other names, such as client=CustomerID,time=Date,amount=Total
  --segment COLUMN  fits each value of this column by itself too; segments of fewer than 500 clients with repeats are
                    pulled towards the whole
  --encoding NAME   such as windows-1252; default UTF-8, or what the file's first bytes say
  --out FILE        a row a client as CSV: x, t_x, T, P(alive), expected and, with a cutoff, actual purchases
  --json            all of it as JSON, clients included
  --help, -h

Purchases of one day are one purchase. A time with a zone counts for its day in UTC, one without for the day as written.
Rows with an amount below zero are returns and no purchases. Rows that can't be used are counted and told; where none
can be, the command fails.`;

export interface Surroundings {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Where file names that are not absolute begin. */
  readonly folder: string;
}

/** Runs the command, to its exit code: 1 where the file is at fault, 2 where the command line is. */
export async function fitCommand(args: readonly string[], { stdout, stderr, folder }: Surroundings): Promise<number> {
  try {
    const command = readFitOptions(args);
    if (command.help) {
      stdout.write(`${help}\n`);
      return 0;
    }
    const transactions = await readFile(resolve(folder, command.csv), command);
    const fitted = fitOrTell(transactions, command);
    if (command.out !== undefined) await writeFile(resolve(folder, command.out), fitted);
    if (command.json) await writeJson(stdout, fitted);
    else stdout.write(`${showFit(fitted.report, command.asked)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(`${error.message}\n\n${help}\n`);
      return 2;
    }
    if (!(error instanceof FitError || error instanceof ImportError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** Where rows were refused, they may be why there is nothing to fit. */
function fitOrTell(transactions: Transactions, command: FitCommand): Fitted {
  try {
    return runFit(transactions, command);
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    throw new FitError([error.message, ...showRefused(transactions.rows, transactions.refused)].join("\n"));
  }
}

async function readFile(path: string, command: FitCommand): Promise<Transactions> {
  const file = await openOrderFile(path);
  try {
    return await readTransactions(file.bytes(), command);
  } catch (error) {
    if (error instanceof UnreadableFile || error instanceof FitError)
      throw new FitError(`${file.name}: ${error.message}`);
    throw error;
  } finally {
    await file.close();
  }
}

async function writeFile(path: string, { clients }: Fitted): Promise<void> {
  const output = createWriteStream(path);
  try {
    await Promise.all([finished(output), writeCsv(output, clients).then(() => output.end())]);
  } catch (error) {
    throw new FitError(`${path} can't be written: ${(error as Error).message}`);
  }
}
