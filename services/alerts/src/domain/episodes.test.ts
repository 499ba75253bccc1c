import type { Alert, Signal } from "@keypulse/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDecideVersions } from "../steps/decideVersions.ts";
import { aFinding, aSignal } from "../testing/signals.ts";
import { compareSignals, EpisodeHistory, type SignalOutcome } from "./episodes.ts";

const settings = { freshDays: 7 };
const day = (number: number, hour = 0) => new Date(Date.UTC(2026, 0, number, hour)).toISOString();

function run(signals: Signal[], known: Alert[] = []) {
  const history = new EpisodeHistory(known);
  const decisions = signals.map((signal) => history.apply(signal, settings));
  return {
    outcomes: decisions.map(({ outcome }) => outcome),
    versions: decisions.flatMap(({ version }) => (version ? [version] : [])),
  };
}

describe("an episode", () => {
  test("is opened by the first raised signal, announced where its line was crossed lately", () => {
    const { outcomes, versions } = run([aSignal({ crossed_at: day(5), detected_at: day(6) })]);
    expect(outcomes).toEqual(["opened"]);
    expect(versions[0]).toMatchObject({
      version: 1,
      state: "open",
      announced: true,
      opened_at: day(6),
      updated_at: day(6),
      resolved_at: null,
    });
  });

  test("that was crossed longer ago than the setting is history, and so are its updates and its end", () => {
    const old = { crossed_at: day(1) };
    const { versions } = run([
      aSignal({ ...old, detected_at: day(8, 1) }),
      aSignal({ ...old, detected_at: day(9), reason: "worse" }),
      aSignal({ ...old, detected_at: day(10), state: "cleared" }),
    ]);
    expect(versions.map(({ announced }) => announced)).toEqual([false, false, false]);
    expect(run([aSignal({ ...old, detected_at: day(8) })]).versions[0]?.announced).toBe(true);
  });

  test("gets a version for what matters, none for the same again", () => {
    const { outcomes, versions } = run([
      aSignal({ detected_at: day(6) }),
      aSignal({ detected_at: day(7) }),
      aSignal({ detected_at: day(8), reason: "worse" }),
      aSignal({ detected_at: day(9), reason: "worse", money_at_stake: 7 }),
      aSignal({ detected_at: day(10), reason: "worse", money_at_stake: 7, likelihood: 0.9 }),
    ]);
    expect(outcomes).toEqual(["opened", "unchanged", "updated", "updated", "unchanged"]);
    expect(versions.map(({ version, updated_at }) => [version, updated_at])).toEqual([
      [1, day(6)],
      [2, day(8)],
      [3, day(9)],
    ]);
  });

  test("is updated by a signal of another crossing while it is open, and keeps its id", () => {
    const { outcomes, versions } = run([
      aSignal({ crossed_at: day(5), detected_at: day(6) }),
      aSignal({ crossed_at: day(4), detected_at: day(7), reason: "since Friday" }),
    ]);
    expect(outcomes).toEqual(["opened", "updated"]);
    expect(versions[1]).toMatchObject({ id: versions[0]!.id, crossed_at: day(5), reason: "since Friday" });
  });

  test("is resolved with the reason, keeping what was at stake", () => {
    const reason = "back at 82 % of the earlier level over the last four weeks";
    const { outcomes, versions } = run([
      aSignal({ detected_at: day(6), money_at_stake: 1_200 }),
      aSignal({ detected_at: day(20), state: "cleared", reason, money_at_stake: 0 }),
      aSignal({ detected_at: day(21), state: "cleared" }),
    ]);
    expect(outcomes).toEqual(["opened", "resolved", "nothing_open"]);
    expect(versions[1]).toMatchObject({ state: "resolved", resolved_at: day(20), reason, money_at_stake: 1_200 });
  });

  test("is not opened again by old news; a line crossed later opens another", () => {
    const { outcomes, versions } = run([
      aSignal({ crossed_at: day(5), detected_at: day(6) }),
      aSignal({ crossed_at: day(5), detected_at: day(9), state: "cleared" }),
      aSignal({ crossed_at: day(5), detected_at: day(10) }),
      aSignal({ crossed_at: day(11), detected_at: day(12) }),
    ]);
    expect(outcomes).toEqual(["opened", "resolved", "outdated", "opened"]);
    expect(versions[2]!.id).not.toBe(versions[0]!.id);
    expect(versions[2]!.version).toBe(1);
  });

  test("may end and another begin at one time", () => {
    const signals = [
      aSignal({ crossed_at: day(5), detected_at: day(6) }),
      aSignal({ crossed_at: day(8), detected_at: day(9) }),
      aSignal({ crossed_at: day(5), detected_at: day(9), state: "cleared" }),
    ].sort(compareSignals);
    expect(run(signals).outcomes).toEqual(["opened", "resolved", "opened"]);
  });

  test("is of one client and cause: others have their own", async () => {
    const decide = createDecideVersions(async () => [], settings);
    const { made } = await decide([
      aSignal({}),
      aSignal({ cause: "pays_late", detector: "payment", channel: "payments" }),
      aSignal({ client_id: "22222222-2222-8222-8222-222222222222" }),
    ]);
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
  });

  test("gathers findings of its cause, and ends when the last of them does", () => {
    const drop = aFinding(aSignal({ crossed_at: day(5) }));
    const silence = { ...aFinding(aSignal({ crossed_at: day(8) })), detector: "silence" as const };
    const { outcomes, versions } = run([
      aSignal({ crossed_at: day(5), detected_at: day(6), findings: [drop] }),
      aSignal({ crossed_at: day(5), detected_at: day(9), findings: [drop, silence] }),
      aSignal({ crossed_at: day(5), detected_at: day(12), findings: [silence], detector: "silence" }),
      aSignal({ crossed_at: day(5), detected_at: day(13), findings: [silence], state: "cleared" }),
    ]);
    expect(outcomes).toEqual(["opened", "updated", "updated", "resolved"]);
    expect(new Set(versions.map(({ id }) => id)).size).toBe(1);
    expect(versions.map(({ findings }) => findings.map(({ detector }) => detector))).toEqual([
      ["activity_drop"],
      ["activity_drop", "silence"],
      ["silence"],
      ["silence"],
    ]);
    expect(versions.at(-1)!.raised_by.map(({ detector }) => detector)).toEqual(["activity_drop", "silence"]);
  });

  test("is opened by a detector that was not in the episode before, however early its line was crossed", () => {
    const silence = { ...aFinding(aSignal({ crossed_at: day(3) })), detector: "silence" as const };
    const { outcomes, versions } = run([
      aSignal({ crossed_at: day(5), detected_at: day(6) }),
      aSignal({ crossed_at: day(5), detected_at: day(7), state: "cleared" }),
      aSignal({ crossed_at: day(3), detected_at: day(8), detector: "silence", findings: [silence] }),
    ]);
    expect(outcomes).toEqual(["opened", "resolved", "opened"]);
    expect(versions[2]!.id).not.toBe(versions[0]!.id);
  });

  test("that was history becomes news when another line is crossed lately", () => {
    const old = aSignal({ crossed_at: day(1), detected_at: day(20) });
    const fresh = { ...aFinding(aSignal({ crossed_at: day(20) })), detector: "silence" as const };
    const { versions } = run([
      old,
      aSignal({ crossed_at: day(1), detected_at: day(21), findings: [...old.findings, fresh] }),
    ]);
    expect(versions.map(({ announced }) => announced)).toEqual([false, true]);
  });

  test("tells a redelivered signal's version again; the same finding found later makes none", () => {
    const first = aSignal({ detected_at: day(6) });
    const { versions } = run([first]);
    expect(run([first], versions)).toMatchObject({ outcomes: ["repeated"], versions });
    expect(run([{ ...first, detected_at: day(7) }], versions).outcomes).toEqual(["unchanged"]);
  });
});

describe("laws", () => {
  const steps = fc.array(
    fc.record({
      client: fc.constantFrom("11111111-1111-8111-8111-111111111111", "22222222-2222-8222-8222-222222222222"),
      cause: fc.constantFrom("less_activity" as const, "pays_late" as const),
      detector: fc.constantFrom("activity_drop" as const, "silence" as const),
      state: fc.constantFrom("raised" as const, "raised" as const, "cleared" as const),
      hoursLater: fc.constantFrom(0, 1, 24),
      crossedHoursBefore: fc.constantFrom(0, 24, 24 * 20),
      reason: fc.constantFrom("a", "b"),
      money: fc.constantFrom(0, 10, 10.5),
    }),
    { maxLength: 25 },
  );

  /** As one evaluation after another finds them, by time. */
  const signalsOf = (list: typeof steps extends fc.Arbitrary<infer T> ? T : never): Signal[] => {
    let hour = 0;
    return list
      .map((step, index) => {
        hour += step.hoursLater;
        return aSignal({
          id: `${String(index).padStart(8, "0")}-0000-8000-8000-000000000000`,
          client_id: step.client,
          cause: step.cause,
          detector: step.detector,
          state: step.state,
          reason: step.reason,
          money_at_stake: step.money,
          detected_at: day(30, hour),
          crossed_at: day(30, hour - step.crossedHoursBefore),
        });
      })
      .sort(compareSignals);
  };

  /** A warehouse in memory, and what is told. */
  async function play(batches: Signal[][]) {
    const stored = new Map<string, Alert>();
    const outcomes: SignalOutcome[] = [];
    const decide = createDecideVersions(
      async (ids) => [...stored.values()].filter((a) => ids.includes(a.client_id)),
      settings,
    );
    for (const batch of batches) {
      const decided = await decide(batch);
      for (const version of decided.made) {
        const key = `${version.id}:${version.version}`;
        expect(stored.has(key), "a version is made once").toBe(false);
        // Through JSON, as it goes through the warehouse.
        stored.set(key, JSON.parse(JSON.stringify(version)));
      }
      outcomes.push(...decided.outcomes.keys());
    }
    return [...stored.values()].sort((one, other) => (one.id + one.version < other.id + other.version ? -1 : 1));
  }

  test("any cut into batches, and any redelivery of what came before, makes the same versions", async () => {
    const plan = fc.array(fc.record({ size: fc.integer({ min: 1, max: 6 }), back: fc.integer({ min: 0, max: 8 }) }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(steps, plan, async (list, cuts) => {
        const signals = signalsOf(list);
        const batches: Signal[][] = [];
        let next = 0;
        for (const { size, back } of cuts) {
          const from = Math.max(0, next - back);
          next = Math.min(signals.length, next + size);
          batches.push(signals.slice(from, next));
        }
        batches.push(signals.slice(next), signals);
        expect(await play(batches)).toEqual(await play([signals]));
      }),
      { numRuns: 300 },
    );
  });

  test("at most one episode of a scope is open, and versions count from 1 without gaps", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const versions = await play([signalsOf(list)]);
        const episodes = [...Map.groupBy(versions, ({ id }) => id).values()];
        const open = episodes
          .map((episode) => episode.at(-1)!)
          .filter(({ state }) => state === "open")
          .map(({ client_id, cause }) => client_id + cause);
        expect(new Set(open).size).toBe(open.length);
        for (const episode of episodes) {
          const numbers = episode.map(({ version }) => version).sort((one, other) => one - other);
          expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        }
      }),
      { numRuns: 200 },
    );
  });
});
