import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@keypulse/infra";
import { newWriteKey, SettingsTable, sourceSchema, storeSecret } from "@keypulse/sources";
import {
  createTestWorkspace,
  eventually,
  type OwnEngines,
  ownEngines,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A collector as a process of its own, with one source, that can be killed and started again at the same address. */
async function startCollectorWorld(engines: OwnEngines) {
  const workspace = await createTestWorkspace({ engines });
  const [port] = await freePorts(1);
  const environment = {
    ...workspace.environment,
    KEYPULSE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
    COLLECTOR_PORT: String(port),
    COLLECTOR_REQUESTS_AN_ADDRESS: "100000",
  };
  const key = newWriteKey();
  const now = new Date().toISOString();
  const source = sourceSchema.parse({
    id: "site",
    name: "Site",
    connector: "segment",
    secrets: [storeSecret(key, "site", Date.now())],
    requests_a_second: 100_000,
    created_at: now,
    updated_at: now,
  });
  await new SettingsTable(workspace.clickhouse, "source").append("site", 1, source, "test");
  const url = `http://127.0.0.1:${port}`;
  const authorization = `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
  return {
    workspace,
    port: port!,
    start: () => startService("collector", environment),
    /** @returns the status, or 0 where there was no answer */
    async track(id: string): Promise<{ status: number; retryAfter: string | null }> {
      try {
        const response = await fetch(`${url}/v1/track`, {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify({ event: "Seen", userId: `u-${id.length}`, messageId: id }),
          signal: AbortSignal.timeout(20_000),
        });
        await response.arrayBuffer();
        return { status: response.status, retryAfter: response.headers.get("retry-after") };
      } catch {
        return { status: 0, retryAfter: null };
      }
    },
  };
}

const storedIds = async (workspace: TestWorkspace) =>
  (await workspace.rows<{ event_id: string }>("SELECT event_id FROM events")).map((row) => row.event_id);

describe("the collector through crashes", () => {
  let engines: OwnEngines;
  let world: Awaited<ReturnType<typeof startCollectorWorld>>;
  let collector: ServiceProcess;
  let ingest: ServiceProcess;
  beforeAll(async () => {
    engines = await ownEngines();
    world = await startCollectorWorld(engines);
    collector = await world.start();
    ingest = await startService("ingest", world.workspace.environment);
  });
  afterAll(async () => {
    await collector?.kill();
    await ingest?.stop();
    await world?.workspace.close();
    await engines?.stop();
  });

  it("has every acknowledged event in ClickHouse once after it was killed under load", async () => {
    const acknowledged = new Set<string>();
    let sending = true;
    let next = 0;
    const senders = Array.from({ length: 16 }, async () => {
      while (sending) {
        const id = `kill-${next++}`;
        // A sender keeps an event until it is told that it was taken.
        while (sending) {
          const { status } = await world.track(id);
          if (status === 200) {
            acknowledged.add(id);
            break;
          }
          await sleep(20);
        }
      }
    });
    for (let kill = 0; kill < 4; kill++) {
      const before = acknowledged.size;
      await eventually(
        async () => acknowledged.size,
        (count) => count > before + 200,
      );
      await collector.kill();
      collector = await world.start();
    }
    sending = false;
    await Promise.all(senders);
    expect(acknowledged.size).toBeGreaterThan(800);
    const ids = await eventually(
      () => storedIds(world.workspace),
      (stored) => [...acknowledged].every((id) => stored.includes(id)),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("answers 429 with Retry-After, which Segment's libraries obey, while Kafka is away, takes nothing, and is back by itself", async () => {
    await engines.native.kafka!.kill();
    // The first may wait for an acknowledgement that never comes; from then on the answer is known.
    await eventually(
      () => world.track("away-first"),
      ({ status }) => status === 429,
    );
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => world.track(`away-${i}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
    expect(Number(answers[0]!.retryAfter)).toBeGreaterThan(0);
    await engines.native.kafka!.start();
    await eventually(
      () => world.track("back"),
      ({ status }) => status === 200,
    );
    const ids = await eventually(
      () => storedIds(world.workspace),
      (stored) => stored.includes("back"),
    );
    expect(ids.filter((id) => id.startsWith("away-") && id !== "away-first")).toEqual([]);
  });

  it("serves others while a thousand connections are idle, bodies trickle in and headers flood", async () => {
    const open = (first: string) => {
      const socket = connect(world.port, "127.0.0.1", () => socket.write(first));
      socket.on("error", () => {});
      return socket;
    };
    const slow =
      "POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    const sockets = [
      ...Array.from({ length: 1_000 }, () => open("")),
      ...Array.from({ length: 100 }, () => open(slow)),
    ];
    const trickle = setInterval(() => {
      for (const socket of sockets.slice(1_000)) socket.write(" ");
    }, 100);
    try {
      const flood = await fetch(`http://127.0.0.1:${world.port}/v1/track`, {
        method: "POST",
        headers: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-flood-${i}`, "y".repeat(100)])),
      });
      expect(flood.status).toBe(431);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => world.track(`beside-${i}`)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    } finally {
      clearInterval(trickle);
      for (const socket of sockets) socket.destroy();
    }
  });
});
