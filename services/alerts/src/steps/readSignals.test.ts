import { describe, expect, test } from "vitest";
import { aSignal } from "../testing/signals.ts";
import { readSignals } from "./readSignals.ts";

const message = (value: string | Buffer | null) => ({
  partition: 0,
  offset: "7",
  value: typeof value === "string" ? Buffer.from(value) : value,
});

describe("messages of the topic", () => {
  test.each([
    ["a tombstone", null],
    ["nothing", ""],
    ["no JSON", "{"],
    ["binary", Buffer.from([0xff, 0xfe, 0])],
    ["2 MB", JSON.stringify(aSignal({ reason: "x".repeat(2_000_000) }))],
    ["another thing", "[]"],
    ["no client", JSON.stringify({ ...aSignal(), client_id: "somebody" })],
    ["an unknown detector", JSON.stringify({ ...aSignal(), detector: "fraud" })],
    ["more money than a column holds", JSON.stringify({ ...aSignal(), money_at_stake: 1e300 })],
    ["the year 9999", JSON.stringify({ ...aSignal(), crossed_at: "9999-01-01T00:00:00Z" })],
  ])("with %s can't be used, and the rest can", (_what, value) => {
    const good = aSignal();
    const read = readSignals([message(value), message(JSON.stringify(good))]);
    expect(read.signals).toEqual([good]);
    expect(read.unusable).toEqual([{ partition: 0, offset: "7", reason: expect.stringMatching(/\w/) }]);
    expect(read.unusable[0]!.reason).not.toMatch(/Acme|somebody|fraud/);
  });

  test("take the warehouse's form, so that what comes back from it compares equal", () => {
    const odd = aSignal({
      id: "AAAAAAAA-1111-8111-8111-111111111111",
      crossed_at: "2026-01-01T00:00:00Z",
      detected_at: "2026-01-02T00:00:00.123456Z",
      money_at_stake: 10.005000001,
      client_name: "half \ud800",
    });
    expect(readSignals([message(JSON.stringify(odd))]).signals[0]).toMatchObject({
      id: "aaaaaaaa-1111-8111-8111-111111111111",
      crossed_at: "2026-01-01T00:00:00.000Z",
      detected_at: "2026-01-02T00:00:00.123Z",
      money_at_stake: 10.01,
      client_name: "half \ufffd",
    });
  });
});
