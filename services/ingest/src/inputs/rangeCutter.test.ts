import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RawMessage } from "../domain/outcome.ts";
import { readLife, readPending, writeNothingPending, writePending } from "./pendingRange.ts";
import { RangeCutter } from "./rangeCutter.ts";

const message = (offset: number): RawMessage => ({ offset, timestampMs: 0, key: null, value: null, headers: {} });
const offsets = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("RangeCutter", () => {
  it("stores a pending range exactly as it was named, however Kafka cuts the fetches, and then every message once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 30 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 15 }),
        (pendingLength, after, fetchSizes, mostMessages) => {
          const pending = { first: 100, last: 100 + pendingLength - 1 };
          const all = offsets(pending.first, pending.last + after);
          const cutter = new RangeCutter(pending, mostMessages);
          const ranges = [];
          for (let at = 0, fetch = 0; at < all.length; fetch++) {
            const size = fetchSizes[fetch % fetchSizes.length]!;
            const part = all.slice(at, at + size);
            ranges.push(...cutter.cut(part.map(message), part[0]!, part.at(-1)!));
            at += size;
          }
          expect(ranges[0]).toMatchObject({ ...pending, again: true });
          expect(ranges.slice(1).every((range) => !range.again && range.messages.length <= mostMessages)).toBe(true);
          expect(ranges.flatMap((range) => range.messages.map(({ offset }) => offset))).toEqual(all);
          // Ranges follow each other without gap or overlap.
          for (const [i, range] of ranges.entries()) expect(range.first).toBe(i === 0 ? 100 : ranges[i - 1]!.last + 1);
        },
      ),
    );
  });

  it("counts offsets that hold no message (records of transactions) to the range before them", () => {
    const cutter = new RangeCutter(undefined, 10);
    expect(cutter.cut([message(5), message(7)], 5, 9)).toMatchObject([{ first: 5, last: 9 }]);
  });

  it("makes a range of a fetch that holds no message at all", () => {
    const cutter = new RangeCutter(undefined, 10);
    expect(cutter.cut([], 5, 9)).toEqual([{ first: 5, last: 9, messages: [], again: false }]);
    const pending = new RangeCutter({ first: 5, last: 8 }, 10);
    expect(pending.cut([message(5), message(6)], 5, 6)).toEqual([]);
    expect(pending.cut([], 7, 9)).toMatchObject([
      { first: 5, last: 8, again: true },
      { first: 9, last: 9, messages: [], again: false },
    ]);
  });
});

describe("pending range in commit metadata", () => {
  const decision = { fill: "0123456789ab@fedcba987654", duplicates: [3, 4, 900, 12345678900] };

  it("reads what it wrote, what an earlier version wrote, and nothing else", () => {
    const range = { first: 3, last: 12345678901, decision };
    expect(readPending(writePending(range, 1))).toEqual(range);
    expect(readPending(writePending(range, 12))).toEqual(range);
    expect([writePending(range, 1), writePending(range, 12), writeNothingPending(3), "", null].map(readLife)).toEqual([
      1, 12, 3, 1, 1,
    ]);
    const none = { first: 0, last: 0, decision: { ...decision, duplicates: [] } };
    expect(readPending(writePending(none, 1))).toEqual(none);
    expect(readPending("pending:3-12345678901")).toEqual({ first: 3, last: 12345678901 });
    for (const other of ["", null, undefined, "v1", "pending:1", "pending:1-2;x"])
      expect(readPending(other)).toBeUndefined();
  });
});
