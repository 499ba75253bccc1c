import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { occurredAt } from "./clock.ts";

const receivedAt = new Date("2026-01-02T12:00:11Z");
const times = { min: new Date("2000-01-01T00:00:00Z"), max: new Date("2060-01-01T00:00:00Z"), noInvalidDate: true };

describe("The time of a message", () => {
  it("is corrected by how far the sender's clock is off when it sends", () => {
    // The specification's example: a device that is an hour fast.
    expect(occurredAt("2026-01-02T13:00:00Z", "2026-01-02T13:00:10Z", receivedAt)).toBe("2026-01-02T12:00:01.000Z");
  });

  it("is as it is where the sender doesn't say when it sent, as imports don't", () => {
    expect(occurredAt("2019-05-01T08:00:00.250+02:00", undefined, receivedAt)).toBe("2019-05-01T06:00:00.250Z");
    expect(occurredAt("2019-05-01T08:00:00Z", "yesterday", receivedAt)).toBe("2019-05-01T08:00:00.000Z");
  });

  it("is that of arrival where there is none, or where it is more than five minutes ahead", () => {
    for (const timestamp of [undefined, null, "", "2026-01-02T12:05:12Z"]) {
      expect(occurredAt(timestamp, undefined, receivedAt)).toBe("2026-01-02T12:00:11.000Z");
    }
    expect(occurredAt("2026-01-02T12:05:11Z", undefined, receivedAt)).toBe("2026-01-02T12:05:11.000Z");
    expect(occurredAt("2026-01-02T13:00:00Z", "2026-01-02T11:00:00Z", receivedAt)).toBe("2026-01-02T12:00:11.000Z");
  });

  it.each([
    ["2026-01-02", "2026-01-02T00:00:00.000Z"],
    ["2026-01-02 03:04", "2026-01-02T03:04:00.000Z"],
    ["2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123Z"],
    ["2026-01-02T03:04:05+0100", "2026-01-02T02:04:05.000Z"],
  ])("%s is read as libraries mean it, on whatever machine", (timestamp, expected) => {
    expect(occurredAt(timestamp, undefined, receivedAt)).toBe(expected);
  });

  it.each(["now", "02/01/2026", "2026-13-01", 1767323045000, {}, "2026-01-02T25:00:00Z"])("%s is none", (timestamp) => {
    expect(occurredAt(timestamp, undefined, receivedAt)).toBeUndefined();
  });

  it("does not depend on how far the sender's clock is off", () => {
    fc.assert(
      fc.property(fc.date(times), fc.integer({ min: 0, max: 86_400_000 }), fc.integer(), (sent, waited, offMs) => {
        const at = (moment: number) => new Date(moment).toISOString();
        const right = occurredAt(at(sent.getTime() - waited), at(sent.getTime()), receivedAt);
        const off = occurredAt(at(sent.getTime() - waited + offMs), at(sent.getTime() + offMs), receivedAt);
        expect(off).toBe(right);
        expect(right).toBe(at(receivedAt.getTime() - waited));
      }),
    );
  });
});
