import { identifierKey } from "@keypulse/identity";
import {
  buildEvent,
  createTestWorkspace,
  eventually,
  generateStream,
  type OwnEngines,
  ownEngines,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runIngestCommand } from "./commands.ts";
import { endOffsets } from "./findFaults.ts";
import { runFaults } from "./scenario.ts";

/** Set KEYPULSE_FAULTS_SEED to repeat a run; `npm run faults` is the whole form. */
const seed = Number(process.env.KEYPULSE_FAULTS_SEED ?? Math.floor(Math.random() * 1_000_000));

let engines: OwnEngines;
beforeAll(async () => {
  engines = await ownEngines();
});
afterAll(async () => {
  await engines?.stop();
});

const countOf = async (workspace: TestWorkspace, table: string) =>
  (await workspace.rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${table}`))[0]!.n;

describe("crashes", () => {
  it(`every event counts once through kills of workers and engines (seed ${seed})`, { timeout: 480_000 }, async () => {
    const report = await runFaults(engines, {
      seed,
      events: 12_000,
      duplicates: 0.05,
      kills: 8,
      clients: 300,
      clickhouseAwayMs: 4_000,
      redisRestarts: true,
      redisIsEmptied: 3,
      kafkaRestarts: true,
    });
    expect(report.events).toBeGreaterThan(12_000);
    expect(report).toMatchObject({ rejected: 0, duplicates: report.messages - report.events });
  });
});

describe("npm run rebuild", () => {
  it("gives an emptied Redis the same identities and the same memory of ids", async () => {
    const workspace = await createTestWorkspace({ engines });
    let ingest = await startService("ingest", workspace.environment);
    try {
      const startMs = Date.now() - 86_400_000;
      const events = [...generateStream({ seed: 1, events: 2_000, clients: 50, duplicates: 0, startMs })];
      const send = () => workspace.send(events.map(({ event }) => event));
      const identities = () =>
        workspace.rows<{ key: string }>("SELECT key, contact_id, client_id FROM identity_map ORDER BY key");
      await send();
      await eventually(
        () => countOf(workspace, "events"),
        (n) => n === 2_000,
      );
      await ingest.stop();
      const before = await identities();
      expect(before.length).toBeGreaterThan(250);

      await workspace.redis.flushall();
      const report = await runIngestCommand<object>("rebuild", workspace.environment);
      expect(report).toMatchObject({ ids: 2_000, keys: before.length });
      expect(await identities()).toEqual(before);

      // What follows is as if nothing had been: known ids are duplicates, and links join what they joined before.
      ingest = await startService("ingest", workspace.environment);
      await send();
      await workspace.send([
        buildEvent("identify", {
          identifiers: { email: "new@client7.example", anonymous_id: "a-7-0-5a0e", account_id: "c-7" },
        }),
      ]);
      await eventually(
        async () => [await countOf(workspace, "duplicate_events"), await countOf(workspace, "events")],
        ([duplicates, stored]) => duplicates === 2_000 && stored! >= 2_001,
      );
      expect(await countOf(workspace, "events")).toBe(2_001);
      const keys = [
        identifierKey("email", "new@client7.example"),
        identifierKey("email", "person0@client7.example"),
        identifierKey("anonymous_id", "a-7-0-5a0e"),
      ];
      const [contact] = keys.slice(0, 2).sort();
      const joined = await workspace.rows<{ contact_id: string }>(
        `SELECT contact_id FROM identity_map WHERE key IN ('${keys.join("', '")}')`,
      );
      expect(joined).toEqual(keys.map(() => ({ contact_id: contact })));
    } finally {
      await ingest.stop();
      await workspace.close();
    }
  });
});

describe("npm run replay", () => {
  it("sends rejected events again, once each", async () => {
    const workspace = await createTestWorkspace({ engines });
    const ingest = await startService("ingest", workspace.environment);
    const replay = () => runIngestCommand<{ found: number; sent: number }>("replay", workspace.environment);
    try {
      // Clocks that run ahead: rejected now, accepted when they are sent again a little later.
      const ahead = new Date(Date.now() + 86_400_000 + 4_000).toISOString();
      const early = [1, 2, 3].map(() => buildEvent("web.page_viewed", { occurred_at: ahead }));
      await workspace.send(early);
      await eventually(
        () => countOf(workspace, "rejected"),
        (n) => n === early.length,
      );
      await eventually(
        async () => Date.now(),
        (now) => now > Date.parse(ahead) - 86_400_000,
      );
      expect(await replay()).toEqual({ found: 3, sent: 3, skipped: 0 });
      expect(await replay()).toEqual({ found: 0, sent: 0, skipped: 0 });
      await eventually(
        () => countOf(workspace, "events"),
        (n) => n === early.length,
      );

      const hopeless = ["not json", '{"type":"web.danced"}', JSON.stringify(buildEvent("order.placed"))];
      const topic = workspace.topics.events.web;
      const messages = hopeless.map((value) => ({ key: "k", value, headers: { trace: "t-1" } }));
      await workspace.producer.send({ topic, messages });
      await eventually(
        () => countOf(workspace, "rejected"),
        (n) => n === early.length + hopeless.length,
      );
      // With nobody to reject them once more, a second replay finds nothing left to send.
      await ingest.stop();
      const ends = async () => [...(await endOffsets(workspace)).values()].reduce((sum, end) => sum + end, 0);
      const before = await ends();
      expect(await replay()).toEqual({ found: 3, sent: 3, skipped: 0 });
      expect(await replay()).toEqual({ found: 0, sent: 0, skipped: 0 });
      expect(await ends()).toBe(before + hopeless.length);
    } finally {
      await ingest.stop();
      await workspace.close();
    }
  });
});
