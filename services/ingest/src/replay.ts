import { parseArgs } from "node:util";
import { connectClickHouse, connectKafka, connectProducer } from "@keypulse/engines";
import { createLogger } from "@keypulse/service-kit";
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

if (values.help) {
  console.log(help);
} else {
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : Number(values.limit);
  if (!(limit > 0)) throw new Error("--limit must be a number above 0");
  const settings = readIngestConfig();
  const logger = createLogger("replay", "warn");
  const clickhouse = connectClickHouse(settings, "keypulse-replay");
  const producer = await connectProducer(connectKafka(settings, "keypulse-replay", logger));
  try {
    const report = await replayRejected({ clickhouse, producer }, {
      reason: values.reason,
      source: values.source,
      limit,
      dryRun: values["dry-run"] ?? false,
    });
    if (values.json) console.log(JSON.stringify(report));
    else if (values["dry-run"]) console.log(`${report.found} rejected events would be sent again.`);
    else console.log(`${report.sent} of ${report.found} rejected events were sent again.`);
  } finally {
    await producer.disconnect();
    await clickhouse.close();
  }
}
