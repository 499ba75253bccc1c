import fc from "fast-check";
import { expect, it } from "vitest";
import { NumberPieces } from "./numberList.ts";

it("gives every list numbers of its own, however long", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_000), { maxLength: 60 }), (lengths) => {
      const pieces = new NumberPieces((length) => new Uint32Array(length));
      const lists = lengths.map((length) => pieces.take(length));
      for (const [i, list] of lists.entries()) list.fill(i + 1);
      expect(lists.map((list) => list.length)).toEqual(lengths);
      for (const [i, list] of lists.entries()) expect(list.every((value) => value === i + 1)).toBe(true);
    }),
    { numRuns: 30 },
  );
});
