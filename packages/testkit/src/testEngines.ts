import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringUpEngines, composeIsInstalled, dockerAnswers, type StartStep } from "@keypulse/infra";
import { type EngineAddresses, testAnalystGrants } from "./addresses.ts";
import { startContainers } from "./containers.ts";

export interface TestEngines extends EngineAddresses {
  stop(): Promise<void>;
}

/**
 * The engines of a test run: those the environment names (all three), containers where Docker with Compose answers,
 * else native processes on free ports that store in a folder removed afterwards.
 */
export async function startTestEngines(onStep: StartStep): Promise<TestEngines> {
  const named = ["KAFKA_BROKERS", "CLICKHOUSE_URL", "REDIS_URL"].every((variable) => process.env[variable]);
  const allowed = process.env.KEYPULSE_ENGINES?.split(",") ?? ["compose"];
  if (!named && allowed.includes("compose") && (await dockerAnswers()) && (await composeIsInstalled())) {
    const step = onStep("Start Kafka, ClickHouse, Redis in containers");
    try {
      const containers = await startContainers();
      step.done();
      return containers;
    } catch (error) {
      step.fail("failed");
      throw error;
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "keypulse-test-"));
  const engines = await bringUpEngines({
    folder,
    origins: named ? ["environment"] : ["native"],
    ports: "free",
    analystGrants: testAnalystGrants,
    command: "a test run",
    onStep,
  });
  return {
    kafkaBrokers: engines.kafkaBrokers,
    clickhouseUrl: engines.clickhouseUrl,
    analystUrl: engines.analystUrl,
    redisUrl: engines.redisUrl,
    stop: async () => {
      await engines.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
