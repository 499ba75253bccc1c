import { setTimeout as sleep } from "node:timers/promises";
import type { NativeEngine } from "@keypulse/infra";
import { type EngineAddresses, type OwnCluster, type OwnEngines, ownCluster } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { runFaults } from "../faults/scenario.ts";

const seed = Number(process.env.KEYPULSE_FAULTS_SEED ?? Math.floor(Math.random() * 1_000_000));

describe("two servers as shards", () => {
  let cluster: OwnCluster;
  let engines: EngineAddresses;
  beforeAll(async () => {
    cluster = await ownCluster([
      { shard: 1, replica: "a" },
      { shard: 2, replica: "a" },
    ]);
    const [asked] = cluster.nodes;
    engines = { ...inject("engines"), clickhouseUrl: asked!.url, analystUrl: asked!.analystUrl };
  });
  afterAll(() => cluster?.stop());

  /** First the shard that is not asked, so that one half of an insert fails; then the one that is. */
  const oneAfterTheOther = (): NativeEngine => {
    const [asked, other] = cluster.nodes.map(({ native }) => native) as [NativeEngine, NativeEngine];
    return {
      ...asked,
      kill: async () => {
        await other.kill();
        await sleep(1_000);
        await Promise.all([asked.kill(), other.start()]);
      },
      start: () => asked.start(),
    };
  };

  it(`counts every event once through kills of workers and of both servers (seed ${seed})`, async () => {
    const native: OwnEngines["native"] = { clickhouse: oneAfterTheOther() };
    const report = await runFaults(
      { ...engines, native, stop: async () => {} },
      {
        seed,
        events: 4_000,
        duplicates: 0.05,
        kills: 4,
        clients: 100,
        clickhouseAwayMs: 1_000,
        settings: cluster.environment,
        onStep: console.log,
      },
    );
    console.log(report);
    expect(report).toMatchObject({ events: 4_000, rejected: 0, duplicates: report.messages - 4_000 });
  });
});
