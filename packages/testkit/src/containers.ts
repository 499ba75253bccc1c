import { basename, dirname } from "node:path";
import { clickhouseUrl, clickhouseUsers, clickhouseUsersEnvironment, composeFile, freePorts } from "@keypulse/infra";
import { DockerComposeEnvironment, Wait } from "testcontainers";
import { type EngineAddresses, testAnalystGrants } from "./addresses.ts";

/**
 * The services of infra/compose.yaml in containers of their own, on free ports; testcontainers removes them with all
 * that they stored, also when the test run dies. One file for both, so tests meet the images and settings of `npm start`.
 */
export async function startContainers(): Promise<EngineAddresses & { stop(): Promise<void> }> {
  const [kafka = 0, clickhouse = 0, native = 0, redis = 0] = await freePorts(4);
  const users = clickhouseUsers(testAnalystGrants);
  const started = await new DockerComposeEnvironment(dirname(composeFile), basename(composeFile))
    .withProjectName(`keypulse-test-${process.pid}`)
    .withEnvironment({
      ...clickhouseUsersEnvironment(users),
      KEYPULSE_KAFKA_PORT: String(kafka),
      KEYPULSE_CLICKHOUSE_PORT: String(clickhouse),
      KEYPULSE_CLICKHOUSE_NATIVE_PORT: String(native),
      KEYPULSE_REDIS_PORT: String(redis),
    })
    .withDefaultWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(180_000)
    .up();
  return {
    kafkaBrokers: `127.0.0.1:${kafka}`,
    clickhouseUrl: clickhouseUrl(`127.0.0.1:${clickhouse}`, "keypulse", users.password),
    analystUrl: clickhouseUrl(`127.0.0.1:${clickhouse}`, "analyst", users.analystPassword),
    redisUrl: `redis://127.0.0.1:${redis}`,
    stop: async () => {
      await started.down({ removeVolumes: true, timeout: 0 });
    },
  };
}
