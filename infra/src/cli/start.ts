import { parseArgs } from "node:util";
import { endWithParent } from "../endWithParent.ts";
import { listenForInterrupts } from "../start/interrupts.ts";
import { showReport } from "../start/report.ts";
import { logFolder, runKeypulse } from "../start/run.ts";
import { createServiceLog } from "../start/serviceLog.ts";
import { hideKafkajsWarning } from "../start/services.ts";
import { createTerminal } from "../terminal.ts";

const help = `Usage: npm start [-- --no-demo] [-- --exit [--json]]

Brings up Kafka, ClickHouse and Redis and the services, loads the demonstration where nothing is stored, and says what it
found. Then a modest live stream of made-up events goes on until Ctrl-C, which stops everything in order; a second Ctrl-C
ends it at once.

  --no-demo   no demonstration: neither its history nor the live stream
  --exit      load, report, stop: for CI
  --json      with --exit: the report as JSON on standard output, all else on standard error
  --help, -h

Engines: those that KAFKA_BROKERS, CLICKHOUSE_URL and REDIS_URL name, else Docker Compose, else native processes.
DEMO_EVENTS_PER_SECOND   of the live stream; default 3, 0 for none
WORKSPACE_TIMEZONE, WORKSPACE_CURRENCY, WORKSPACE_COUNTRY
                         default Europe/London, GBP, GB; with --no-demo UTC and EUR; a store keeps what it was made with
KEYPULSE_INGEST_PORT, KEYPULSE_SIGNALS_PORT, KEYPULSE_ALERTS_PORT
                         of /ready and /metrics; default 19101, 19102, 19103; KEYPULSE_SEGMENTS_PORT, default 19106
KEYPULSE_COLLECTOR_PORT, KEYPULSE_CONSOLE_PORT
                         default 19104, 19105; their /ready and /metrics: KEYPULSE_COLLECTOR_HEALTH_PORT,
                         KEYPULSE_CONSOLE_HEALTH_PORT, default 19114, 19115
COLLECTOR_PUBLIC_URL     where providers reach the collector, such as a proxy or a tunnel; default the collector itself
KEYPULSE_SECRET_KEY, KEYPULSE_API_TOKEN
                         seal sources' secrets; let into the console. Made once into .keypulse/secrets.json
LOG_LEVEL                of the services; all they log is in .keypulse/logs`;

process.exitCode = await main();
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
  const log = createServiceLog({ folder: logFolder(), pretty: output.isTTY === true, line: terminal.line });
  const interrupts = listenForInterrupts(terminal.line);
  return await runKeypulse({
    demo: options.demo,
    exit: options.exit,
    terminal,
    log,
    interrupts,
    onReport: (report) => {
      if (options.json) console.log(JSON.stringify(report, null, 2));
      else terminal.line(`\n${showReport(report, Math.min(output.columns || 100, 120))}`);
    },
  });
}

interface Options {
  readonly demo: boolean;
  readonly exit: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      allowNegative: true,
      options: {
        demo: { type: "boolean", default: true },
        exit: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (!values.json || values.exit || values.help) return values;
    console.error(`--json needs --exit.\n\n${help}`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
  }
  return undefined;
}
