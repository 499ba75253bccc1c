import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInTurn } from "./inTurn.ts";

describe("inTurn", () => {
  it("never works on more than its bytes, unless on one alone, and serves all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 0, max: 3 })), { maxLength: 30 }),
        async (jobs) => {
          const inTurn = createInTurn(100);
          const at: number[] = [];
          let bytesNow = 0;
          let jobsNow = 0;
          await Promise.all(
            jobs.map(([bytes, turns], index) =>
              inTurn(bytes, async () => {
                at.push(index);
                bytesNow += bytes;
                jobsNow += bytes > 0 ? 1 : 0;
                expect(bytesNow <= 100 || jobsNow === 1).toBe(true);
                for (let turn = 0; turn < turns; turn++) await null;
                bytesNow -= bytes;
                jobsNow -= bytes > 0 ? 1 : 0;
              }),
            ),
          );
          expect(at.length).toBe(jobs.length);
        },
      ),
    );
  });

  it("goes on after work that fails", async () => {
    const inTurn = createInTurn(10);
    const failing = inTurn(10, () => Promise.reject(new Error("no")));
    const next = inTurn(10, async () => "served");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("served");
  });
});
