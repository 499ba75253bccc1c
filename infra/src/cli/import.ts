import { resolve } from "node:path";
import { UnreadableFile } from "@keypulse/connectors/files";
import { endWithParent } from "../endWithParent.ts";
import { keypulseFolder } from "../folder.ts";
import { decideFormat } from "../import/decideFormat.ts";
import { dryRun } from "../import/dryRun.ts";
import { ImportError } from "../import/importError.ts";
import { type ImportOptions, readImportOptions, UsageError } from "../import/options.ts";
import { openOrderFile } from "../import/orderFile.ts";
import { showDryRun, showImport } from "../import/report.ts";
import { runImport } from "../import/runImport.ts";
import { listenForInterrupts } from "../start/interrupts.ts";
import { hideKafkajsWarning } from "../start/services.ts";
import { Interrupted, StartError } from "../start/startError.ts";
import { createTerminal } from "../terminal.ts";

const help = `Usage: npm run import -- FILE [options]

Sends a file of past orders through Kafka, as if its shop had told of them. Known by their header: Shopify's orders
export, Stripe's payments export, Online Retail (UCI), and JSON lines in the words of the event contract; any other table
is described by a mapping. The file may be packed by gzip. Needs Keypulse to run (npm start).

  --dry-run         reads all of it and shows what would be sent and refused; sends nothing
  --rows N          of a dry run: how many events are shown; default 10
  --source ID       where the orders belong; default: of the file's name. Made where there is none of that name. An order
                    counts once within a source, so that files of one shop, and its webhooks, belong to one source
  --format NAME     online-retail, shopify, stripe or ndjson: refuses a file with another header
  --mapping FILE    describes the columns (YAML or JSON); without one, an unknown header is answered with a draft
  --timezone ZONE   of times that come without one, such as Europe/Berlin
  --currency CODE   of files that name none, such as EUR
  --decimal-comma, --no-decimal-comma
                    what 1,234 is, where that can't be known
  --encoding NAME   such as windows-1252; default UTF-8, or what the file's first bytes say
  --shop NAME       goes before order numbers that are unique in one shop only (old exports of Shopify)
  --again           sends a file that was sent before; what was counted counts once
  --json            the report as JSON on standard output, all else on standard error
  --help, -h

A run that was cut off, by Ctrl-C or otherwise, is gone on with by the same command.
Reads KAFKA_BROKERS, CLICKHOUSE_URL, CLICKHOUSE_DATABASE, TOPIC_PREFIX; default: what npm start runs.`;

process.exitCode = await main().catch((error: unknown) => {
  if (error instanceof Interrupted) return 130;
  if (!(error instanceof ImportError || error instanceof StartError)) throw error;
  console.error(error.message);
  return 1;
});
// A connection that a client still tries to make must not keep this process.
setTimeout(() => process.exit(), 1_000).unref();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(help);
    return 0;
  }
  endWithParent();
  hideKafkajsWarning();
  const output = options.json ? process.stderr : process.stdout;
  const terminal = createTerminal({ output });
  const { signal } = listenForInterrupts(terminal.line);
  const file = await openOrderFile(fromCaller(options.file));
  try {
    const how = await decideFormat(file, options, options.mappingFile && fromCaller(options.mappingFile));
    const folder = keypulseFolder();
    const job = { file, how, options, folder, environment: process.env, startStep: terminal.startStep, signal };
    const wide = Math.min(output.columns || 100, 120);
    if (options.dryRun) {
      const report = await dryRun(job);
      if (options.json) console.log(JSON.stringify(report, null, 2));
      else terminal.line(`\n${showDryRun(report, wide)}`);
      return report.interrupted ? 130 : 0;
    }
    const report = await runImport(job);
    if (options.json) console.log(JSON.stringify(report, null, 2));
    else terminal.line(`\n${showImport(report, wide)}`);
    return report.outcome === "interrupted" ? 130 : 0;
  } catch (error) {
    if (error instanceof UnreadableFile) throw new ImportError(`${file.name}: ${error.message}.`);
    throw error;
  } finally {
    await file.close();
  }
}

/** npm runs commands in the checkout and says where it was called from. */
function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD || process.cwd(), path);
}

function readOptions(): ImportOptions | undefined {
  try {
    return readImportOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${help}`);
    return undefined;
  }
}
