import { parseArgs } from "node:util";
import { connectClickHouse, connectKafka, connectProducer, silentLogger, within } from "@keypulse/engines";
import { checkClickHouse, kafkaAway, runCommand } from "./command.ts";
import { readIngestConfig } from "./config.ts";
import { rejectReasons } from "./domain/outcome.ts";
import { replayRejected } from "./replayRejected.ts";

const help = `npm run replay -- [--reason R] [--source S] [--limit N] [--dry-run] [--json]

Sends rejected events to their topics again, byte for byte, once each, oldest first. Do this after the cause is mended.

  --reason R   only this reason: ${rejectReasons.join(", ")}
  --source S   only this source
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
    const filter = { reason: values.reason, source: values.source, limit, dryRun: values["dry-run"] ?? false };
    const report = await replayRejected({ clickhouse, producer }, filter);
    await producer.disconnect();
    if (values.json) console.log(JSON.stringify(report));
    else if (filter.dryRun) console.log(`${report.found} rejected events would be sent again.`);
    else console.log(`${report.sent} of ${report.found} rejected events were sent again.`);
  } finally {
    await clickhouse.close();
  }
});
