import { connectRedis, silentLogger } from "@keypulse/engines";
import { createTestWorld } from "@keypulse/testkit";
import { expect, it, onTestFinished } from "vitest";
import { Deadlines, everybody } from "./deadlines.ts";

it("leaves what was asked for anew, or lost with Redis, to be done again", async () => {
  const world = await createTestWorld();
  const redis = connectRedis({ REDIS_URL: world.redisUrl, REDIS_PREFIX: world.redisPrefix }, "test", silentLogger);
  onTestFinished(() => redis.disconnect());
  const deadlines = new Deadlines(redis, world.redisPrefix);
  const asOf = 1_000_000;
  const isDue = async () => (await deadlines.takeDue(asOf, 10)).includes(everybody);

  await deadlines.set([[everybody, 0]]);
  expect(await isDue()).toBe(true);
  await deadlines.finish(everybody, asOf, asOf + 500_000);
  expect(await isDue()).toBe(false);

  // Asked for while it is being done.
  await deadlines.set([[everybody, 0]]);
  expect(await isDue()).toBe(true);
  await deadlines.set([[everybody, 0]]);
  await deadlines.finish(everybody, asOf, asOf + 500_000);
  expect(await isDue()).toBe(true);

  // Redis emptied meanwhile: nothing says that all is well.
  await redis.del(...(await redis.keys(`${world.redisPrefix}*`)));
  await deadlines.finish(everybody, asOf, asOf + 500_000);
  expect(await deadlines.has(everybody)).toBe(false);
});
