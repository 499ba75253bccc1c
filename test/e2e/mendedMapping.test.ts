import { connectorNamed } from "@keypulse/connectors";
import { SettingsTable, sourceSchema, toMessages } from "@keypulse/sources";
import {
  createTestWorkspace,
  eventually,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runIngestCommand } from "../faults/commands.ts";

let workspace: TestWorkspace;
let ingest: ServiceProcess;
beforeAll(async () => {
  workspace = await createTestWorkspace();
  ingest = await startService("ingest", workspace.environment);
});
afterAll(async () => {
  await ingest?.stop();
  await workspace?.close();
});

it("what a wrong mapping refused becomes events when the mapping is mended and it is replayed", async () => {
  const table = new SettingsTable(workspace.clickhouse, "source");
  const now = new Date().toISOString();
  const wire = async (version: number, type: string) => {
    const expression = `{"id": nr, "type": "${type}", "occurred_at": at, "identifiers": {"email": who},
      "properties": {"form": "quote"}}`;
    const settings = { expression };
    const source = sourceSchema.parse({
      id: "forms",
      name: "Forms",
      connector: "json",
      settings,
      created_at: now,
      updated_at: now,
    });
    await table.append("forms", version, source, "test");
    return source;
  };
  const source = await wire(1, "web.form_sent");
  const connector = connectorNamed("json")!;
  const bodies = ["a", "b"].map((nr) => Buffer.from(JSON.stringify({ nr, at: now, who: `${nr}@acme.example` })));
  for (const body of bodies) {
    const request = {
      method: "POST",
      url: "https://collector.example/hooks/forms",
      headers: { authorization: "Bearer x" },
      body,
    };
    const receivedAt = new Date();
    const settings = connector.settings.parse(source.settings);
    const elements = await connector.parse(request, { source: "forms", secrets: [], settings, receivedAt });
    const mapped = toMessages(elements, {
      source,
      topics: workspace.topics,
      kind: connector.kind,
      receivedAt,
      request,
    });
    expect(mapped).toMatchObject({ events: 0, refused: { unknown_type: 1 } });
    for (const { topic, ...message } of mapped.messages) await workspace.producer.send({ topic, messages: [message] });
  }
  const rejected = await eventually(
    () =>
      workspace.rows<{ position: string; bytes: string; headers: string }>(
        `SELECT concat(topic, ':', toString(partition), ':', toString(offset)) AS position, base64Decode(bytes) AS bytes, headers
         FROM rejected_events WHERE source = 'forms' AND reason = 'unknown_type' ORDER BY bytes`,
      ),
    (rows) => rows.length === 2,
  );
  expect(rejected.map(({ bytes }) => bytes)).toEqual(bodies.map(String));
  expect(rejected.map(({ headers }) => headers).join()).not.toContain(Buffer.from("Bearer x").toString("base64"));

  await wire(2, "web.form_submitted");
  const replay = (...given: string[]) =>
    runIngestCommand<{ found: number; sent: number; skipped: number }>("replay", workspace.environment, given);
  expect(await replay("--position", rejected[0]!.position)).toEqual({ found: 1, sent: 1, skipped: 0 });
  expect(await replay("--source", "forms")).toEqual({ found: 1, sent: 1, skipped: 0 });
  expect(await replay("--source", "forms")).toEqual({ found: 0, sent: 0, skipped: 0 });
  const events = await eventually(
    () => workspace.rows("SELECT event_id, type FROM events ORDER BY event_id"),
    (rows) => rows.length === 2,
  );
  expect(events).toEqual(["a", "b"].map((event_id) => ({ event_id, type: "web.form_submitted" })));
});
