import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";
import { UnreadableFile } from "@keypulse/connectors/files";
import { FitError } from "../fit/fitError.ts";
import { type FitCommand, readFitOptions, UsageError } from "../fit/options.ts";
import { showFit } from "../fit/report.ts";
import { type Fitted, runFit } from "../fit/runFit.ts";
import { readTransactions, type Transactions } from "../fit/transactions.ts";
import { writeCsv, writeJson } from "../fit/writeClients.ts";
import { ImportError } from "../import/importError.ts";
import { openOrderFile } from "../import/orderFile.ts";

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

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof FitError || error instanceof ImportError || error instanceof UnreadableFile)) throw error;
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  const command = readOptions();
  if (command === undefined) return 2;
  if (command.help) {
    console.log(help);
    return 0;
  }
  // A reader that has enough, such as head, is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  const transactions = await readFile(command);
  const fitted = runFit(transactions, command);
  if (command.out !== undefined) await writeFile(fromCaller(command.out), fitted);
  if (command.json) await writeJson(process.stdout, fitted);
  else console.log(showFit(fitted.report, command.asked));
  return 0;
}

async function readFile(command: FitCommand): Promise<Transactions> {
  const file = await openOrderFile(fromCaller(command.csv));
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

/** npm runs commands in the checkout and says where it was called from. */
function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD || process.cwd(), path);
}

function readOptions(): FitCommand | undefined {
  try {
    return readFitOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${help}`);
    return undefined;
  }
}
