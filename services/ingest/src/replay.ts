import { parseArgs } from "node:util";
import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectProducer, silentLogger, within } from "@keypulse/engines";
import { SourceBook } from "@keypulse/sources";
import { checkClickHouse, kafkaAway, runCommand } from "./command.ts";
import { readIngestConfig } from "./config.ts";
import { rejectReasons } from "./domain/outcome.ts";
import { createReadAgain } from "./readAgain.ts";
import { replayRejected } from "./replayRejected.ts";

/** Reading again verifies no signature, so no secret is opened. */
const noSecretKey = "";

const help = `npm run replay -- [--reason R] [--source S] [--position P] [--limit N] [--dry-run] [--json]

Sends rejected events to their topics again, once each, oldest first. Do this after the cause is mended. Events go as
they came, byte for byte; what the collector could not use is read again by its source's connector as it is now.

  --reason R   only this reason: ${rejectReasons.join(", ")}
  --source S   only this source
  --position P only this one: topic:partition:offset, as rejected_events says
  --limit N    at most N events
  --dry-run    count them, send nothing
  --json       print the report as JSON
  --help       this text

Reads KAFKA_BROKERS, CLICKHOUSE_URL, CLICKHOUSE_DATABASE.`;

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      reason: { type: "string" },
      source: { type: "string" },
      position: { type: "string" },
      limit: { type: "string" },
      "dry-run": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return console.log(help);
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : Number(values.limit);
  if (!(limit > 0)) throw new Error("--limit must be a number above 0");
  if (values.reason !== undefined && !(rejectReasons as readonly string[]).includes(values.reason)) {
    throw new Error(`--reason must be one of ${rejectReasons.join(", ")}`);
  }
  const settings = readIngestConfig();
  const clickhouse = connectClickHouse(settings, "keypulse-replay");
  try {
    await checkClickHouse(clickhouse);
    const kafka = connectKafka(settings, "keypulse-replay", silentLogger);
    const producer = await within(10_000, connectProducer(kafka), kafkaAway);
    const { reason, source, position } = values;
    const filter = { reason, source, position, limit, dryRun: values["dry-run"] ?? false };
    const book = new SourceBook(clickhouse, noSecretKey, silentLogger);
    await book.read();
    const readAgain = createReadAgain(book, topicNames(settings.TOPIC_PREFIX));
    const report = await replayRejected({ clickhouse, producer, readAgain }, filter);
    await producer.disconnect();
    if (values.json) console.log(JSON.stringify(report));
    else if (filter.dryRun) console.log(`${report.found} rejected events would be sent again.`);
    else {
      console.log(`${report.sent} of ${report.found} rejected events were sent again.`);
      if (report.skipped > 0)
        console.log(
          `${report.skipped} were left: their source is gone or has another connector; files are imported again instead.`,
        );
    }
  } finally {
    await clickhouse.close();
  }
});
