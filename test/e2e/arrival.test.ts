import { ConfigResourceTypes } from "@keypulse/engines";
import { prepareWorkspace } from "@keypulse/infra";
import { buildEvent, createTestWorkspace, eventually, startService } from "@keypulse/testkit";
import { expect, it } from "vitest";

it("when an event arrived is the broker's word, though its producer stamps seconds, and though the topic is of an earlier version", {
  timeout: 60_000,
}, async () => {
  const workspace = await createTestWorkspace();
  const topic = workspace.topics.events.order;
  const admin = workspace.kafka.admin();
  await admin.connect();
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        ...resource,
        configEntries: [
          { name: "max.message.bytes", value: "2000000" },
          { name: "retention.ms", value: "864000000" },
        ],
      },
    ],
  });
  const configOf = async () => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
    const entries = resources[0]!.configEntries.map(
      ({ configName, configValue }) => [configName, configValue] as const,
    );
    return Object.fromEntries(entries);
  };
  // A broker learns of it a moment later.
  await eventually(configOf, (config) => config["message.timestamp.type"] === "CreateTime");
  await prepareWorkspace(workspace.environment);
  const config = await eventually(configOf, (found) => found["message.timestamp.type"] === "LogAppendTime");
  expect(config).toMatchObject({ "max.message.bytes": "2000000", "retention.ms": "864000000" });
  await admin.disconnect();

  const nowMs = Date.now();
  const stamps = [Math.floor(nowMs / 1000), nowMs - 3 * 86_400_000, nowMs];
  await workspace.producer.send({
    topic,
    messages: stamps.map((timestamp) => ({
      timestamp: String(timestamp),
      value: JSON.stringify(buildEvent("order.placed")),
    })),
  });
  const ingest = await startService("ingest", workspace.environment);
  try {
    await workspace.untilIngested();
    const rows = await workspace.rows<{ ms: number }>("SELECT toUnixTimestamp64Milli(received_at) AS ms FROM events");
    expect(rows).toHaveLength(3);
    for (const { ms } of rows) expect(Math.abs(ms - nowMs)).toBeLessThan(60_000);
  } finally {
    await ingest.stop();
    await workspace.close();
  }
});
