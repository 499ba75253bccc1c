import {
  newSigningSecret,
  newWriteKey,
  SettingsTable,
  type Source,
  sourceSchema,
  storeSecret,
} from "@keypulse/sources";
import { createTestWorkspace, type EngineAddresses, eventually, type TestWorkspace } from "@keypulse/testkit";
import { type RunningCollector, startCollector } from "../app.ts";
import { readCollectorConfig } from "../config.ts";

export const testSecretKey = Buffer.alloc(32, 7).toString("base64");

/** A collector over real engines, and sources to send to. */
export interface CollectorWorld {
  workspace: TestWorkspace;
  collector: RunningCollector;
  /** Environment of a collector's process in this world. */
  environment: Record<string, string>;
  /** Wires a source. @returns its secret or write key in plain text */
  wire(id: string, connector: string, given?: Partial<Source>, secret?: string): Promise<string>;
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Response>;
  /** What ingest would read: messages of all event topics since the start. */
  messages(atLeast: number): Promise<{ topic: string; key: string; value: string; headers: Record<string, string> }[]>;
  close(): Promise<void>;
}

export async function createCollectorWorld(engines?: EngineAddresses): Promise<CollectorWorld> {
  const workspace = await createTestWorkspace(engines ? { engines } : {});
  const environment = { ...workspace.environment, KEYPULSE_SECRET_KEY: testSecretKey, LOG_LEVEL: "silent" };
  const collector = await startCollector(readCollectorConfig(environment));
  const table = new SettingsTable(workspace.clickhouse, "source");
  const received: Awaited<ReturnType<CollectorWorld["messages"]>> = [];
  const consumer = workspace.kafka.consumer({ groupId: `${workspace.world.topicPrefix}look` });
  await consumer.connect();
  await consumer.subscribe({ topics: Object.values(workspace.topics.events), fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      received.push({
        topic,
        key: message.key?.toString() ?? "",
        value: message.value?.toString() ?? "",
        headers: Object.fromEntries(headers),
      });
    },
  });
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${collector.url}${path}`, { method: "POST", body: body as string, headers });

  return {
    workspace,
    collector,
    environment,
    post,
    async wire(id, connector, given = {}, secret = connector === "segment" ? newWriteKey() : newSigningSecret()) {
      const now = new Date().toISOString();
      const sealUnder = connector === "segment" ? undefined : testSecretKey;
      const source = sourceSchema.parse({
        id,
        name: id,
        connector,
        secrets: [storeSecret(secret, id, Date.now(), sealUnder)],
        created_at: now,
        updated_at: now,
        ...given,
      });
      const [known] = (await table.all()).filter((setting) => setting.id === id);
      await table.append(id, (known?.version ?? 0) + 1, source, "test");
      await workspace.redis.publish(`${workspace.environment.REDIS_PREFIX}bell:sources`, id);
      const probe = connector === "segment" ? `/v1/projects/${secret}/settings` : `/hooks/${id}`;
      await eventually(
        async () => (await fetch(`${collector.url}${probe}`)).status,
        (status) => status !== 404,
      );
      return secret;
    },
    messages: (atLeast) =>
      eventually(
        async () => received,
        (list) => list.length >= atLeast,
      ),
    async close() {
      await consumer.disconnect();
      await collector.stop();
      await workspace.close();
    },
  };
}
