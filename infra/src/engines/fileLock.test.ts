import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { withFileLock } from "./fileLock.ts";

const folder = mkdtempSync(join(tmpdir(), "keypulse-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("work under one lock is done one after the other, and a failure frees it", async () => {
  const path = join(folder, "one.lock");
  const order: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    order.push(`${name} ends`);
    if (name === "a") throw new Error("a failed");
  };
  const results = await Promise.allSettled([withFileLock(path, work("a")), withFileLock(path, work("b"))]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  expect(existsSync(path)).toBe(false);
});

test("the lock of a process that is gone does not hold", async () => {
  const path = join(folder, "stale.lock");
  writeFileSync(path, JSON.stringify({ pid: process.pid, identity: "before the last boot" }));
  expect(await withFileLock(path, async () => "done")).toBe("done");
});
