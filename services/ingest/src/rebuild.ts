import { parseArgs } from "node:util";
import { connectClickHouse, connectRedis } from "@keypulse/engines";
import { createLogger } from "@keypulse/service-kit";
import { readIngestConfig } from "./config.ts";
import { rebuildRedis } from "./rebuildRedis.ts";

const help = `npm run rebuild -- [--json]

Fills Redis again from ClickHouse: the registry of event ids and the identities. Needed never in daily work (workers do
it themselves when they find Redis emptied); useful after FLUSHALL, a new Redis or a restored backup.

  --json   print the report as JSON
  --help   this text

Reads CLICKHOUSE_URL, CLICKHOUSE_DATABASE, REDIS_URL, REDIS_PREFIX, TOPIC_PREFIX.`;

const { values } = parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
if (values.help) {
  console.log(help);
} else {
  const settings = readIngestConfig();
  const logger = createLogger("rebuild", "warn");
  const clickhouse = connectClickHouse(settings, "keypulse-rebuild", { requestTimeoutMs: 600_000 });
  const redis = connectRedis(settings, "keypulse-rebuild", logger);
  const start = performance.now();
  const live = process.stderr.isTTY && !values.json;
  try {
    const report = await rebuildRedis({
      clickhouse,
      redis,
      settings,
      logger,
      onProgress: (what, done) => live && process.stderr.write(`\r${done.toLocaleString("en")} ${what} …   `),
    });
    if (live) process.stderr.write("\r");
    const seconds = Math.round(performance.now() - start) / 1000;
    console.log(
      values.json
        ? JSON.stringify({ ...report, seconds })
        : `Rebuilt in ${seconds} s: ${report.ids} event ids, ${report.links} links, ${report.keys} keys of the identity map.`,
    );
  } finally {
    await clickhouse.close();
    redis.disconnect();
  }
}
