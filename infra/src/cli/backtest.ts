import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { UnreadableFile } from "@keypulse/connectors/files";
import { BacktestError, type BacktestHistory } from "../backtest/history.ts";
import { type BacktestOptions, BacktestUsageError, readBacktestOptions } from "../backtest/options.ts";
import { reportPage } from "../backtest/page.ts";
import { readAbsences } from "../backtest/readAbsences.ts";
import { readCsv } from "../backtest/readCsv.ts";
import { runBacktest } from "../backtest/runBacktest.ts";
import { showReport } from "../backtest/tables.ts";
import type { StartStep } from "../engines/steps.ts";
import { ImportError } from "../import/importError.ts";
import { StartError } from "../start/startError.ts";
import { createTerminal } from "../terminal.ts";

const help = `Usage: npm run backtest [-- options]

Runs the detectors over stored history as if it happened again, and beside them the rules that people use today: what each
would have found, how late, and how often it would have been wrong. Drops are planted into real histories to see which are
found. Thresholds are set on the first period, all figures are of the second; every rule gets the same budget of false
alarms. Reads activity from ClickHouse (npm start), or a file, and then nothing has to run.

  --csv FILE            events, one a row: columns client, time and, if there are such, kind, source, amount, segment;
                        divided by comma, semicolon or tab; ISO times; may be packed by gzip
  --from, --to DAY      of history; --to is not included
  --calibrate-until DAY where the second period begins; default: the middle
  --budget N            false alarms a client-year; default 0.25; 0.1, 0.25 and 0.5 are reported in any case
  --silence-budget N    of silence as it would be sent; default 0.1
  --plants N            drops planted at most, of each kind and group of clients; default 400
  --seed N              of what is chosen at random; default 1
  --timezone ZONE       of days and weeks, and of times without a zone; default: UTC for a file, else the workspace's
  --country CODE        whose public holidays count as Sundays, such as FR; default: none for a file, else the workspace's
  --segment-by FIELD    what makes stored clients each other's peers: industry (default), region, size or none;
                        in a file the column segment does
  --absences FILE       when clients were known to be away: columns client, from, to; those times are not held against them
  --skip-bad-rows       leaves rows out that can't be used, instead of refusing the file
  --html FILE           writes the page there; default keypulse-backtest.html
  --json                every alert that would have been sent, and all figures, as JSON; a page only by --html
  --help, -h

Reads CLICKHOUSE_URL, CLICKHOUSE_DATABASE, WORKSPACE_TIMEZONE, WORKSPACE_CURRENCY, WORKSPACE_COUNTRY and
SIGNALS_SEGMENT_BY; default: what npm start runs.`;

process.exitCode = await main().catch((error: unknown) => {
  const isTold =
    error instanceof BacktestError ||
    error instanceof ImportError ||
    error instanceof StartError ||
    error instanceof UnreadableFile;
  if (!isTold) throw error;
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
  const terminal = createTerminal({ output: options.json ? process.stderr : process.stdout });
  const read = await readHistory(options, terminal.startStep);
  const absences = options.absences && (await readAbsences(fromCaller(options.absences), read.timeZone));
  const history = absences ? { ...read, absences } : read;
  const step = terminal.startStep("Replay");
  const report = await runBacktest(history, options, async (note, fraction) => {
    step.progress(note, fraction);
    // Lets the terminal draw, and Ctrl-C be heard.
    await setImmediate();
  });
  step.done(`${report.alerts.length} alerts`);
  const page = options.html ?? (options.json ? undefined : "keypulse-backtest.html");
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else terminal.line(`\n${showReport(report)}`);
  if (page !== undefined) {
    const path = fromCaller(page);
    await writeFile(path, reportPage(report)).catch((error: Error) => {
      throw new BacktestError(`The page can't be written: ${error.message}`);
    });
    terminal.line(`\nThe page: ${path}`);
  }
  return 0;
}

async function readHistory(options: BacktestOptions, startStep: StartStep): Promise<BacktestHistory> {
  const { from, to, skipBadRows } = options;
  if (options.csv !== undefined) {
    const step = startStep(`Read ${options.csv}`);
    const history = await readCsv(fromCaller(options.csv), {
      timeZone: options.timeZone ?? "UTC",
      country: options.country,
      from,
      to,
      skipBadRows,
      nowMs: Date.now(),
      onProgress: (rows, fraction) => step.progress(`${rows} rows`, fraction),
    }).catch((error: unknown) => {
      step.fail("failed");
      throw error;
    });
    step.done(`${history.events} events`);
    return history;
  }
  // Only here are engines looked for: a file needs none.
  const { openWarehouse } = await import("../backtest/openWarehouse.ts");
  const step = startStep("Read the warehouse");
  return await openWarehouse(options, step);
}

/** npm runs commands in the checkout and says where it was called from. */
function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD || process.cwd(), path);
}

function readOptions(): BacktestOptions | undefined {
  try {
    return readBacktestOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof BacktestUsageError)) throw error;
    console.error(`${error.message}\n\n${help}`);
    return undefined;
  }
}
