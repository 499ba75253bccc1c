import { parseArgs } from "node:util";
import { ownEngines } from "@keypulse/testkit";
import { InexactError, runFaults } from "./scenario.ts";

const help = `npm run faults -- [--seed N] [--events 100000] [--kills 25] [--json]

Events flow through Kafka while two ingest workers are killed at random moments of their work, ClickHouse is away for
20 s, Redis and Kafka are killed and started again, and Redis is emptied at eight moments of a range's life. Afterwards every sum by client in every table
must equal what was sent. Brings up native engines of its own; takes some minutes.

  --seed N     repeats a run's events and schedule (default: a random one, printed)
  --events N   different events; 5 % are sent twice
  --kills N    SIGKILLs of workers
  --json       print the report as JSON
  --help       this text`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    events: { type: "string", default: "100000" },
    kills: { type: "string", default: "25" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});

if (values.help) console.log(help);
else await main();

async function main(): Promise<void> {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : whole("seed", values.seed);
  const events = whole("events", values.events);
  const kills = whole("kills", values.kills);
  const say = (text: string) => console.error(text);
  say(`seed ${seed}`);
  const engines = await ownEngines();
  try {
    const report = await runFaults(engines, {
      seed,
      events,
      kills,
      duplicates: 0.05,
      clients: 1_000,
      clickhouseAwayMs: 20_000,
      redisRestarts: true,
      redisIsEmptied: 8,
      kafkaRestarts: true,
      onStep: say,
    });
    console.log(
      values.json
        ? JSON.stringify(report)
        : `Exact: ${report.messages} messages became ${report.events} events and ${report.duplicates} duplicates in every ` +
            `table through ${kills} kills; ${report.rangesAgain} pending ranges were stored again (${report.seconds} s, seed ${seed}).`,
    );
  } catch (error) {
    if (!(error instanceof InexactError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    await engines.stop();
  }
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`--${name} must be a whole number above 0\n\n${help}`);
  process.exit(2);
}
