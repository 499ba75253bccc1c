import { connectRedis, type Redis, silentLogger } from "@keypulse/engines";
import { createTestWorld, type OwnEngines, ownEngines, type TestWorld } from "@keypulse/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ClaimRequest, DuplicateRegistry, RegistryLost, registryWindowStartMs } from "./registry.ts";

const now = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;

describe("DuplicateRegistry", () => {
  let world: TestWorld;
  let redis: Redis;
  let registry: DuplicateRegistry;
  let run = 0;
  let prefix = "";
  beforeAll(async () => {
    world = await createTestWorld();
    redis = connectRedis({ REDIS_URL: world.redisUrl, REDIS_PREFIX: world.redisPrefix }, "test", silentLogger);
  });
  afterAll(async () => {
    redis.disconnect();
    await world.drop();
  });
  beforeEach(async () => {
    prefix = `${world.redisPrefix}${run++}:`;
    registry = new DuplicateRegistry(redis, prefix);
    await registry.beginRebuild(now, false);
    await registry.endRebuild([], []);
  });
  const batch = (first: number, ids: string[], given: Partial<ClaimRequest> = {}): ClaimRequest => ({
    kind: "web",
    life: 1,
    partition: 0,
    batchTimeMs: now,
    claimedBefore: first - 1,
    lastOffset: first + ids.length - 1,
    ids: ids.map((id, i) => ({ source: "s", id, offset: first + i })),
    ...given,
  });

  it("calls an id a duplicate at any position but the first", async () => {
    expect((await registry.claim(batch(0, ["a", "b", "a"]))).duplicates).toEqual(new Set([2]));
    expect((await registry.claim(batch(3, ["b", "c"]))).duplicates).toEqual(new Set([0]));
    expect((await registry.claim(batch(0, ["c", "d"], { kind: "order", claimedBefore: -1 }))).duplicates).toEqual(
      new Set([0]),
    );
  });

  it("lets a batch that is stored again keep its ids", async () => {
    await registry.claim(batch(0, ["a", "b"]));
    expect((await registry.claim(batch(0, ["a", "b"]))).duplicates).toEqual(new Set());
  });

  it("tells sources apart", async () => {
    const claim = await registry.claim(
      batch(0, [], {
        ids: [
          { source: "x", id: "1", offset: 0 },
          { source: "y", id: "1", offset: 1 },
        ],
      }),
    );
    expect(claim.duplicates.size).toBe(0);
  });

  it("takes more ids than one call holds", async () => {
    const ids = Array.from({ length: 9_000 }, (_, i) => `id-${i}`);
    expect((await registry.claim(batch(0, [...ids, "id-0", "id-8999"]))).duplicates).toEqual(new Set([9_000, 9_001]));
  });

  it("notices that Redis was emptied, or lost what it had acknowledged", async () => {
    await registry.claim(batch(0, ["a"]));
    await expect(registry.claim(batch(5, ["z"]))).rejects.toThrow(RegistryLost);
    await redis.unlink(...(await redis.keys(`${prefix}*`)));
    await expect(registry.claim(batch(1, ["b"]))).rejects.toThrow(RegistryLost);
  });

  it("decides nothing while it is being filled", async () => {
    await registry.beginRebuild(now, false);
    await registry.claim(batch(0, ["a"], { claimedBefore: -2, lastOffset: -1 }));
    await expect(registry.claim(batch(1, ["b"], { claimedBefore: -1 }))).rejects.toThrow(RegistryLost);
    await registry.endRebuild([{ kind: "web", life: 1, partition: 0, offset: 0 }], []);
    expect((await registry.claim(batch(1, ["a"]))).duplicates).toEqual(new Set([0]));
  });

  it("is filled by one process at a time", async () => {
    const other = new DuplicateRegistry(redis, prefix);
    expect(await registry.beginRebuild(now, false)).toBe(true);
    expect(await other.beginRebuild(now, false)).toBe(false);
    await expect(other.keepRebuild()).rejects.toThrow(RegistryLost);
    await registry.keepRebuild();
    await registry.endRebuild([], []);
    expect(await other.beginRebuild(now, false)).toBe(true);
  });

  it("is not called whole where it was emptied while it was filled", async () => {
    await registry.beginRebuild(now, false);
    await redis.unlink(...(await redis.keys(`${prefix}*`)));
    await expect(registry.endRebuild([], [])).rejects.toThrow(RegistryLost);
    await expect(registry.claim(batch(0, ["a"]))).rejects.toThrow(RegistryLost);
  });

  it("says whether a claim still holds", async () => {
    const { fill } = await registry.claim(batch(0, ["a"]));
    expect(await registry.holds(fill)).toBe(true);
    await registry.beginRebuild(now, false);
    expect(await registry.holds(fill)).toBe(false);
    await registry.endRebuild([], []);
    expect(await registry.holds(fill)).toBe(false);
  });

  describe("of what was decided before", () => {
    const decided = (fill: string) => ({
      kind: "web" as const,
      life: 1,
      partition: 0,
      first: 0,
      last: 1,
      decision: { fill, duplicates: [1] },
    });

    it("knows whether it holds: it was decided in this filling, or filled in", async () => {
      const { fill } = await registry.claim(batch(0, ["a", "b"]));
      expect(await registry.standsIn(decided(fill))).toBe(fill);
      await registry.beginRebuild(now, false);
      await expect(registry.standsIn(decided(fill))).rejects.toThrow(RegistryLost);
      await registry.endRebuild([{ kind: "web", life: 1, partition: 0, offset: 1 }], [decided(fill)]);
      const filled = await registry.standsIn(decided(fill));
      expect(filled).not.toBe(fill);
      expect(await registry.holds(filled!)).toBe(true);
      // A filling that did not read it: its decision was kept after the loss, and so nothing of it is stored.
      await registry.beginRebuild(now, false);
      await registry.endRebuild([{ kind: "web", life: 1, partition: 0, offset: 1 }], []);
      expect(await registry.standsIn(decided(fill))).toBeUndefined();
    });
  });

  describe("after Redis was started again", () => {
    /** As if another process of Redis had written what it has now. */
    const restart = () => redis.hset(`${prefix}{registry}:span`, "run", "another");
    const at = (offset: number) => [{ kind: "web" as const, life: 1, partition: 0, offset }];

    it("decides nothing until it is known that nothing was lost", async () => {
      const { fill } = await registry.claim(batch(0, ["a", "b"]));
      expect(await registry.seal(fill, at(1)[0]!)).toBe(true);
      await restart();
      expect(await registry.holds(fill)).toBe(false);
      expect(await registry.seal(fill, at(1)[0]!)).toBe(false);
      await expect(registry.claim(batch(2, ["a"]))).rejects.toThrow(RegistryLost);
      expect(await registry.revive(at(1), [])).toBe(true);
      expect((await registry.claim(batch(2, ["a"]))).duplicates).toEqual(new Set([0]));
    });

    it("has to be filled where the group stands behind what it knows", async () => {
      const { fill } = await registry.claim(batch(0, ["a", "b"]));
      await registry.seal(fill, at(1)[0]!);
      await restart();
      expect(await registry.revive(at(2), [])).toBe(false);
      await expect(registry.claim(batch(2, ["a"]))).rejects.toThrow(RegistryLost);
    });
  });

  describe("of a Redis that may evict keys", () => {
    let own: OwnEngines;
    let evicting: Redis;
    beforeAll(async () => {
      own = await ownEngines({ need: ["redis"] });
      evicting = connectRedis({ REDIS_URL: own.redisUrl, REDIS_PREFIX: "" }, "test", silentLogger);
    });
    afterAll(async () => {
      evicting.disconnect();
      await own.stop();
    });
    const policy = (name: string) => evicting.config("SET", "maxmemory-policy", name);

    it("claims nothing, at the start and while it runs, and says how to mend it", async () => {
      const there = new DuplicateRegistry(evicting, "a:");
      await there.beginRebuild(now, false);
      await there.endRebuild([], []);
      const { fill } = await there.claim(batch(0, ["a"]));
      await policy("allkeys-random");
      await expect(there.claim(batch(1, ["b"]))).rejects.toThrow(/allkeys-random.*set it to noeviction/);
      expect(await there.fault()).toMatch(/noeviction/);
      await policy("noeviction");
      expect(await there.fault()).toBeUndefined();
      expect(await there.holds(fill)).toBe(true);
      expect((await there.claim(batch(1, ["a"]))).duplicates).toEqual(new Set([0]));
    });

    it("notices holes: keys that were taken away mean that all has to be filled", async () => {
      const there = new DuplicateRegistry(evicting, "b:");
      await there.beginRebuild(now, false);
      await there.endRebuild([], []);
      const { fill } = await there.claim(
        batch(
          0,
          Array.from({ length: 2_000 }, (_, i) => `id-${i}`),
        ),
      );
      await there.seal(fill, { kind: "web", life: 1, partition: 0, offset: 1_999 });
      await policy("allkeys-random");
      await evicting.config("SET", "maxmemory", "1000000");
      await evicting.set("filler", "x".repeat(1_000)).catch(() => {});
      await evicting.config("SET", "maxmemory", "0");
      await policy("noeviction");
      expect(await evicting.info("stats")).not.toMatch(/evicted_keys:0\b/);
      await expect(there.claim(batch(2_000, ["id-7"]))).rejects.toThrow(RegistryLost);
      expect(await there.revive([{ kind: "web", life: 1, partition: 0, offset: 1_999 }], [])).toBe(false);
    });
  });

  it("remembers an id for at least 15 days, and says from when on it can't know", async () => {
    await registry.claim(batch(0, ["a"]));
    const later = now + 15 * dayMs;
    expect((await registry.claim(batch(1, ["a"], { batchTimeMs: later }))).duplicates).toEqual(new Set([0]));
    expect((await registry.claim(batch(2, ["b"], { batchTimeMs: later }))).completeSinceMs).toBe(0);
    const muchLater = now + 40 * dayMs;
    const claim = await registry.claim(batch(3, ["c"], { batchTimeMs: muchLater }));
    expect(claim.completeSinceMs).toBe(registryWindowStartMs(muchLater));
  });

  it("frees the memory of what it no longer needs", async () => {
    const buckets = async () => (await redis.keys(`${prefix}{registry}:[0-9]*`)).length;
    await registry.claim(batch(0, ["a", "b", "c"]));
    await registry.claim(batch(3, ["d"], { batchTimeMs: now + 15 * dayMs }));
    expect(await buckets()).toBe(4);
    await registry.claim(batch(4, ["e"], { batchTimeMs: now + 30 * dayMs }));
    expect(await buckets()).toBe(2);
    await registry.claim(batch(5, ["f"], { batchTimeMs: now + 90 * dayMs }));
    expect(await buckets()).toBe(1);
  });
});
