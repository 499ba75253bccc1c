import { type ClickHouse, type Redis, within } from "@keypulse/engines";
import { ConfigError } from "@keypulse/service-kit";

const hint = "Is Keypulse running (npm start)? The address comes from the environment; see --help.";

/** Runs a command: a fault is one sentence on stderr, not a stack, and ends it with 1. */
export async function runCommand(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(error instanceof ConfigError ? 78 : 1);
  }
}

export async function checkClickHouse(clickhouse: ClickHouse): Promise<void> {
  const ping = await clickhouse.ping({ select: true });
  if (!ping.success) throw new Error(`ClickHouse does not answer (${ping.error.message.slice(0, 200)}). ${hint}`);
}

export async function checkRedis(redis: Redis): Promise<void> {
  await within(5_000, redis.ping(), `Redis does not answer within 5 s. ${hint}`);
}

export const kafkaAway = `Kafka does not answer within 10 s. ${hint}`;
