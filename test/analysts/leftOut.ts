import type { TestContext } from "vitest";

/** Leaves a test out for want of a tool. In CI nothing may be left out. */
export function without(context: TestContext, what: string): never {
  if (process.env.CI) throw new Error(`${what}, and CI must run this test`);
  return context.skip(what);
}
