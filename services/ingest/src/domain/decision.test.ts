import { seededRandom } from "@keypulse/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newBatch } from "./batch.ts";
import { applyDecision, cutToFit, decisionOf, packOffsets, unpackOffsets } from "./decision.ts";
import type { AcceptedEvent, RawMessage } from "./outcome.ts";

const ascending = fc
  .uniqueArray(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }), { maxLength: 300 })
  .map((offsets) => offsets.sort((a, b) => a - b));

function batchOf(offsets: readonly number[], isDuplicate: (offset: number) => boolean) {
  const messages = offsets.map(
    (offset): RawMessage => ({ offset, timestampMs: 0, key: null, value: null, headers: {} }),
  );
  const range = {
    topic: "orders",
    life: 1,
    kind: "order" as const,
    partition: 0,
    first: offsets[0]!,
    last: offsets.at(-1)!,
  };
  const batch = newBatch(range, messages);
  const events = messages.map((message) => ({ message }) as AcceptedEvent);
  const duplicates = new Set(offsets.filter(isDuplicate));
  batch.accepted = events.filter(({ message }) => !duplicates.has(message.offset));
  batch.duplicates = events.filter(({ message }) => duplicates.has(message.offset));
  return batch;
}
const offsetsOf = (rows: AcceptedEvent[]) => rows.map(({ message }) => message.offset);

describe("decision about a range", () => {
  it("is the same after it was kept and read", () => {
    fc.assert(
      fc.property(ascending, (offsets) => {
        const first = offsets[0] ?? 0;
        expect(unpackOffsets(first, packOffsets(first, offsets))).toEqual(offsets);
      }),
    );
  });

  it("puts every event where it was put before, whatever was decided meanwhile", () => {
    const batch = batchOf([5, 6, 7, 8], (offset) => offset % 2 === 0);
    const decision = decisionOf(batch, "fill");
    const other = batchOf([5, 6, 7, 8], (offset) => offset < 7);
    applyDecision(other, decision);
    expect([offsetsOf(other.accepted), offsetsOf(other.duplicates)]).toEqual([
      [5, 7],
      [6, 8],
    ]);
  });

  it("of 20,000 messages fits into a position's metadata, though every third at random is a duplicate", () => {
    const random = seededRandom(7);
    const batch = batchOf(
      Array.from({ length: 20_000 }, (_, i) => i),
      () => random() < 1 / 3,
    );
    cutToFit(batch);
    expect(batch.range.last).toBe(19_999);
  });

  it("is of fewer messages where its duplicates have no room, and the rest comes next", () => {
    const random = seededRandom(7);
    const all = Array.from({ length: 100_000 }, (_, i) => i * 1_000 + Math.floor(random() * 1_000));
    const batch = batchOf(all, () => random() < 0.5);
    cutToFit(batch);
    const { last } = batch.range;
    expect(last).toBeLessThan(all.at(-1)!);
    expect(packOffsets(all[0]!, decisionOf(batch, "f").duplicates).length).toBeLessThanOrEqual(3_800);
    expect(offsetsOf([...batch.accepted, ...batch.duplicates]).sort((a, b) => a - b)).toEqual(
      all.filter((offset) => offset <= last),
    );
    expect(batch.messages.length).toBeGreaterThan(1_000);
  });
});
