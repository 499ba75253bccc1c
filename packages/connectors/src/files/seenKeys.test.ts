import fc from "fast-check";
import { expect, it } from "vitest";
import { SeenKeys } from "./seenKeys.ts";

it("knows the keys that were added, and no others", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 60 }), fc.nat(60), (keys, added) => {
      const seen = new SeenKeys();
      for (const key of keys.slice(0, added)) seen.add(key);
      expect(keys.map((key) => seen.has(key))).toEqual(keys.map((_, index) => index < added));
    }),
  );
});

it("tells numbers apart that follow each other, by the hundred thousand", () => {
  const seen = new SeenKeys();
  const keys = Array.from({ length: 300_000 }, (_, number) => `#${1_000_000 + number}`);
  for (const key of keys) {
    if (seen.has(key)) throw new Error(`${key} was taken for another`);
    seen.add(key);
  }
  expect(keys.every((key) => seen.has(key))).toBe(true);
});
