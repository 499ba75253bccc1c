import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { endWithParent } from "../endWithParent.ts";
import { keypulseFolder } from "../folder.ts";
import { findConnections, openStore } from "../import/connect.ts";
import { ImportError } from "../import/importError.ts";
import { readRates, UnreadableRates, unpackRates } from "../rates/readRates.ts";
import { type MissingRates, type RatesReport, readMissing, storeRates } from "../rates/storeRates.ts";
import { StartError } from "../start/startError.ts";
import { createTerminal } from "../terminal.ts";

const help = `Usage: npm run rates -- FILE [--json]

Loads exchange rates, so that amounts in other currencies are part of revenue: each is converted at the rate of its day.
FILE is the European Central Bank's: eurofxref.csv (a day) or eurofxref-hist.csv (all days since 1999), as it is or in the
zip that the bank packs it into. Get it at the bank's page "Euro foreign exchange reference rates" (www.ecb.europa.eu,
Statistics), under Downloads, CSV. Load it again whenever you like: what is known stays, what is new is added. Needs
Keypulse's ClickHouse (npm start).

  --json       the report as JSON
  --help, -h

Reads CLICKHOUSE_URL and CLICKHOUSE_DATABASE; default: what npm start runs.`;

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof ImportError || error instanceof StartError)) throw error;
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(help);
    return 0;
  }
  endWithParent();
  const name = basename(options.file);
  const rates = await readFileOfRates(resolve(process.env.INIT_CWD || process.cwd(), options.file));
  const { clickhouse } = await openStore(findConnections(keypulseFolder(), process.env).connections);
  try {
    const terminal = createTerminal({ output: options.json ? process.stderr : process.stdout });
    const step = terminal.startStep(`Load ${name}`);
    const report = await storeRates(clickhouse, rates, (done) => step.progress("", done));
    step.done(`${report.added} new, ${report.corrected} corrected`);
    const missing = await readMissing(clickhouse);
    if (options.json) console.log(JSON.stringify({ ...report, missing }, null, 2));
    else terminal.line(describe(report, missing));
    return 0;
  } finally {
    await clickhouse.close();
  }
}

async function readFileOfRates(path: string) {
  const bytes = await readFile(path).catch((error: Error) => {
    throw new ImportError(`${path} can't be read: ${error.message}`);
  });
  try {
    return readRates(unpackRates(bytes));
  } catch (error) {
    // The reader's own faults (a quote that never closes, a damaged zip) are the file's as well.
    const hint = error instanceof UnreadableRates ? "" : " (is it the European Central Bank's file?)";
    throw new ImportError(`${basename(path)}: ${(error as Error).message}${hint}. Nothing was loaded.`);
  }
}

function describe(report: RatesReport, missing: readonly MissingRates[]): string {
  const { days, currencies, firstDay, lastDay } = report;
  const lines = [
    `${days} ${days === 1 ? "day" : "days"}, ${firstDay} to ${lastDay}, ${currencies} currencies beside the euro.`,
  ];
  if (missing.length === 0) lines.push("Every amount that is stored has its rate.");
  for (const { currency, days: without, first_day, last_day, orders, net } of missing) {
    lines.push(
      `Still without a rate, and so in no sum: ${net} ${currency} of ${orders} orders on ${without} days, ${first_day} to ${last_day}.`,
    );
  }
  return lines.join("\n");
}

function readOptions(): { file: string; json: boolean; help: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
    });
    const [file = "", ...more] = positionals;
    if (values.help || (file !== "" && more.length === 0)) return { file, ...values };
    console.error(`Name one file.\n\n${help}`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
  }
  return undefined;
}
