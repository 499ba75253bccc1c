import { parseArgs } from "node:util";
import { topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectRedis, silentLogger, within } from "@keypulse/engines";
import { checkClickHouse, checkRedis, kafkaAway, runCommand } from "./command.ts";
import { readIngestConfig } from "./config.ts";
import { TopicLives } from "./inputs/topicLives.ts";
import { type RebuildReport, rebuildRedis } from "./rebuildRedis.ts";

const help = `npm run rebuild -- [--json]

Fills Redis again from ClickHouse: the registry of event ids and the identities. Deadlines and pending deliveries are
worked out again by their services. Never needed in daily work (workers do it themselves when they find Redis emptied);
useful after FLUSHALL, with a new Redis or a restored backup. Safe while workers run, and safe to repeat.

  --json   print the report as JSON
  --help   this text

Reads CLICKHOUSE_URL, CLICKHOUSE_DATABASE, REDIS_URL, REDIS_PREFIX, KAFKA_BROKERS, INGEST_GROUP, TOPIC_PREFIX.`;

await runCommand(async () => {
  const { values } = parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return console.log(help);
  const settings = readIngestConfig();
  const clickhouse = connectClickHouse(settings, "keypulse-rebuild", { requestTimeoutMs: 600_000 });
  const kafka = connectKafka(settings, "keypulse-rebuild", silentLogger);
  const lives = new TopicLives(
    kafka,
    clickhouse,
    Object.values(topicNames(settings.TOPIC_PREFIX).events),
    silentLogger,
  );
  const redis = connectRedis(settings, "keypulse-rebuild", silentLogger);
  const live = process.stderr.isTTY && !values.json;
  const start = performance.now();
  try {
    await checkClickHouse(clickhouse);
    await checkRedis(redis);
    await within(10_000, lives.read(), kafkaAway);
    let report: RebuildReport | undefined;
    // A worker may have noticed first; what it does is waited for, then done again, because it was asked for.
    while (report === undefined) {
      report = await rebuildRedis({
        kafka,
        clickhouse,
        redis,
        settings,
        lifeOf: (topic) => lives.of(topic),
        logger: silentLogger,
        onProgress: (what, done) => live && process.stderr.write(`\r${done.toLocaleString("en")} ${what} …   `),
      });
    }
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
});
