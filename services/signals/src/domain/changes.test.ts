import { evidenceSchema } from "@keypulse/contracts";
import type { Finding } from "@keypulse/methods";
import { describe, expect, it } from "vitest";
import { type Change, changesOf, type LastSignal } from "./changes.ts";
import type { Watched } from "./watched.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 5, 1);
const client = "3fbcdaea-81c6-80c3-9505-b724cdf0e168";
const evidence = evidenceSchema.parse({
  ...{ expected: 7, observed: 40, unit: "days", window: "w", unusual: "u", model: "m", values: {} },
});
const finding: Finding = {
  model: { name: "silence", version: 1 },
  cause: "fewer_orders",
  direction: "worse",
  expected: 7,
  observed: 40,
  unit: "days",
  window: { fromMs: now - 40 * day, toMs: now },
  tailProbability: 0.001,
  falseAlarmsPerClientYear: 0.05,
  parts: [],
  values: {},
  headline: "no order for 40 days",
  text: "No order for 40 days.",
};
const clear: Watched = {
  detector: "silence",
  channel: "orders",
  monitored: true,
  finding: undefined,
  crossedAtMs: undefined,
  endReason: "Ordered again.",
  moneyAtStake: 0,
  likelihood: undefined,
  heldBy: undefined,
};
const raised: Watched = { ...clear, finding, crossedAtMs: now - day, moneyAtStake: 1_000 };
const drop: Watched = {
  ...raised,
  detector: "activity_drop",
  channel: "all",
  finding: { ...finding, cause: "less_activity", headline: "70 % fewer signs of life", text: "70 % fewer." },
  crossedAtMs: now - 4 * day,
  moneyAtStake: 700,
  likelihood: 0.6,
};
const late: Watched = {
  ...raised,
  detector: "payment",
  channel: "payments",
  finding: { ...finding, cause: "pays_late", text: "Pays late." },
};

const changes = (watched: Watched[], last: LastSignal[] = [], at = now) => changesOf(client, watched, last, at);

/** What the store knows after a change. */
function stored(change: Change, differences: Partial<LastSignal> = {}): LastSignal {
  const { cause, direction, state, detector, channel, headline, findings } = change;
  return {
    clientName: "Acme",
    ...{ cause, direction, state, detector, channel, headline, findings, evidence },
    crossedAtMs: Date.parse(change.crossed_at),
    detectedAtMs: now - 2 * day,
    moneyAtStake: change.money_at_stake,
    ...differences,
  };
}

describe("changesOf", () => {
  it("raises what is new, under an id that a repeated look repeats", () => {
    const [first] = changes([raised]);
    expect(first).toMatchObject({
      state: "raised",
      cause: "less_activity",
      crossed_at: new Date(now - day).toISOString(),
      reason: "No order for 40 days.",
      money_at_stake: 1_000,
    });
    expect(changes([raised], [], now + 1)[0]!.id).toBe(first!.id);
  });

  it("joins findings of one cause, the most money first, and keeps other causes apart", () => {
    const [less, pays, ...none] = changes([drop, raised, late]);
    expect(none).toEqual([]);
    expect(less).toMatchObject({
      detector: "silence",
      reason: "No order for 40 days. Also: 70 % fewer signs of life.",
      money_at_stake: 1_000,
      likelihood: 0.6,
      crossed_at: new Date(now - day).toISOString(),
    });
    expect(less!.findings.map(({ detector, crossed_at }) => [detector, Date.parse(crossed_at)])).toEqual([
      ["silence", now - day],
      ["activity_drop", now - 4 * day],
    ]);
    expect(pays).toMatchObject({ cause: "pays_late", detector: "payment" });
  });

  it("says who joined an open episode and who left it; it keeps its beginning, its leader while there is one", () => {
    const before = stored(changes([drop])[0]!);
    const [joined] = changes([drop, raised], [before]);
    expect(joined).toMatchObject({ detector: "activity_drop", crossed_at: new Date(now - 4 * day).toISOString() });
    expect(joined!.reason).toBe("70 % fewer. Also: no order for 40 days.");
    const [left] = changes([{ ...clear, detector: "activity_drop", channel: "all" }, raised], [stored(joined!)]);
    expect(left).toMatchObject({
      state: "raised",
      detector: "silence",
      crossed_at: new Date(now - 4 * day).toISOString(),
    });
    expect(left!.reason).toBe("Ordered again. No order for 40 days.");
    expect(new Set([joined!.id, left!.id]).size).toBe(2);
  });

  it("says nothing new of an open episode until its numbers are a week old", () => {
    const known = stored(changes([raised])[0]!, { crossedAtMs: now - 3 * day });
    expect(changes([raised], [known])).toEqual([]);
    const [update] = changes([raised], [{ ...known, detectedAtMs: now - 8 * day }]);
    expect(update).toMatchObject({ state: "raised", crossed_at: new Date(now - 3 * day).toISOString() });
  });

  it("clears what has ended, with the reason, and only once", () => {
    const known = stored(changes([raised])[0]!);
    expect(changes([clear], [known])[0]).toMatchObject({
      state: "cleared",
      reason: "Ordered again.",
      money_at_stake: 1_000,
    });
    expect(changes([clear], [{ ...known, state: "cleared" }])).toEqual([]);
    expect(changes([clear])).toEqual([]);
  });

  it("raises nothing while a source is suspect, but hears a return", () => {
    expect(changes([{ ...raised, heldBy: "shop" }])).toEqual([]);
    const known = stored(changes([raised])[0]!);
    expect(changes([{ ...raised, heldBy: "shop" }], [known])).toEqual([]);
    expect(changes([{ ...raised, heldBy: "shop" }, drop], [known])[0]!.findings).toHaveLength(2);
    expect(changes([{ ...clear, heldBy: "shop" }], [known])).toHaveLength(1);
  });

  it("leaves a finding in its episode when its cause reads otherwise later", () => {
    const known = stored(changes([raised])[0]!, { detectedAtMs: now - 8 * day });
    const smaller: Watched = { ...raised, finding: { ...finding, cause: "smaller_orders" } };
    expect(changes([smaller], [known]).map(({ cause }) => cause)).toEqual(["less_activity"]);
  });

  it("raises again after an episode was closed", () => {
    expect(changes([raised], [stored(changes([raised])[0]!, { state: "cleared" })])).toHaveLength(1);
  });
});
