import { describe, expect, it } from "vitest";
import { type LastSignal, signalsOf } from "./changes.ts";
import type { Finding } from "./detect.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 5, 1);
const frame = {
  clientId: "3fbcdaea-81c6-80c3-9505-b724cdf0e168",
  clientName: "Acme",
  currency: "EUR",
  detectedAtMs: now,
};
const evidence = { expected: 7, observed: 40, unit: "days", window: "w", unusual: "u", model: "m", values: {} };
const raised: Finding = {
  detector: "silence",
  channel: "orders",
  state: "raised",
  crossedAtMs: now - day,
  reason: "No order for 40 days.",
  evidence,
  moneyAtStake: 1_000,
  likelihood: undefined,
  heldBy: undefined,
  monitored: true,
};
const clear: Finding = {
  ...raised,
  state: "clear",
  crossedAtMs: undefined,
  reason: "Ordered again.",
  evidence: undefined,
  moneyAtStake: 0,
};
const known = (given: Partial<LastSignal> = {}): LastSignal => ({
  clientName: "Acme",
  detector: "silence",
  channel: "orders",
  state: "raised",
  crossedAtMs: now - 3 * day,
  detectedAtMs: now - 2 * day,
  evidence,
  moneyAtStake: 900,
  ...given,
});

describe("signalsOf", () => {
  it("raises what is new, under an id that a repeated look repeats", () => {
    const [first] = signalsOf([raised], [], frame);
    expect(first).toMatchObject({
      state: "raised",
      crossed_at: new Date(now - day).toISOString(),
      money_at_stake: 1_000,
    });
    expect(signalsOf([raised], [], { ...frame, detectedAtMs: now + 1 })[0]!.id).toBe(first!.id);
  });

  it("says nothing new of an open episode until its numbers are a week old", () => {
    expect(signalsOf([raised], [known()], frame)).toEqual([]);
    const [update] = signalsOf([raised], [known({ detectedAtMs: now - 8 * day })], frame);
    expect(update).toMatchObject({ state: "raised", crossed_at: new Date(now - 3 * day).toISOString() });
  });

  it("clears what has ended, with the reason, and only once", () => {
    expect(signalsOf([clear], [known()], frame)[0]).toMatchObject({
      state: "cleared",
      reason: "Ordered again.",
      money_at_stake: 900,
    });
    expect(signalsOf([clear], [known({ state: "cleared" })], frame)).toEqual([]);
    expect(signalsOf([clear], [], frame)).toEqual([]);
  });

  it("raises nothing while a source is suspect, but hears a return", () => {
    expect(signalsOf([{ ...raised, heldBy: "shop" }], [], frame)).toEqual([]);
    expect(signalsOf([{ ...clear, heldBy: "shop" }], [known()], frame)).toHaveLength(1);
  });

  it("raises again after an episode was closed", () => {
    expect(signalsOf([raised], [known({ state: "cleared" })], frame)).toHaveLength(1);
  });
});
