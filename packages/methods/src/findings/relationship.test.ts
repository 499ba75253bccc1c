import { describe, expect, it } from "vitest";
import { dropEpisodes } from "../dropEpisodes.ts";
import { createDropState, dropPresets, stepDropScore } from "../dropScore.ts";
import { seededRandom } from "../random.ts";
import { defaultSilenceSettings, detectSilence } from "../silence.ts";
import { defaultGammaPrior } from "../silencePrior.ts";
import { channelWords, dropFinding, outageFinding, silenceFinding } from "./activity.ts";
import { detectContactSilence, detectMailTrouble, detectMissedCalls } from "./contact.ts";
import { MS_A_DAY } from "./finding.ts";
import { detectGrowth, detectNewThings, growthScore } from "./growth.ts";
import { defaultMixSettings, detectMix } from "./mix.ts";
import { detectReturn } from "./returned.ts";
import { detectComplaints, detectDetractor, detectSatisfactionDrop, type SurveyAnswer } from "./satisfaction.ts";

const now = Date.UTC(2026, 5, 1);
const daysAgo = (days: number) => now - days * MS_A_DAY;

describe("mix", () => {
  const order = (days: number, ...groups: string[]) => ({ atMs: daysAgo(days), groups });

  it("counts a group's gap in the client's own orders: fewer orders alone say nothing", () => {
    const weekly = Array.from({ length: 30 }, (_, i) => order(700 - 7 * i, "paper", i % 2 ? "toner" : "pens"));
    expect(detectMix(weekly, defaultMixSettings, now)).toBeNull();
    const without = Array.from({ length: 16 }, (_, i) => order(480 - 25 * i, "paper", "pens"));
    const found = detectMix([...weekly, ...without], defaultMixSettings, now);
    expect(found).toMatchObject({
      cause: "missing_products",
      parts: ["toner"],
      observed: 0,
      values: { orders_since: 16 },
    });
    expect(found!.text).toMatch(/^No toner in the last 16 orders, since 2025-01-20; before, it was in 50 % of them\./);
  });

  it("keeps its budget where every order takes groups at random", () => {
    const random = seededRandom(1);
    let called = 0;
    const clients = 600;
    for (let i = 0; i < clients; i++) {
      const orders = Array.from({ length: 48 }, (_, week) =>
        order(7 * week + 1, ...["a", "b", "c", "d"].filter((_, g) => random() < 0.2 + 0.2 * g)),
      );
      if (detectMix(orders, defaultMixSettings, now)) called++;
    }
    // Four groups, one look at the end of a year: at most the budget's share of clients is wrong at once.
    expect(called / clients).toBeLessThan(0.1);
  });
});

describe("contacts", () => {
  const regular = { activeDays: 20, firstActiveMs: daysAgo(400), lastActiveMs: daysAgo(210) };

  it("a decision maker's silence counts, another's does not", () => {
    const person = { name: "Ana Diaz", activity: regular };
    const look = (isDecisionMaker: boolean) =>
      detectContactSilence([{ ...person, isDecisionMaker }], defaultGammaPrior, defaultSilenceSettings, now);
    expect(look(false)).toBeNull();
    expect(look(true)).toMatchObject({ cause: "contact_lost", parts: ["Ana Diaz"], observed: 210 });
    expect(look(true)!.text).toMatch(
      /^Ana Diaz, who decides, has not been heard from for 210 days \(last on 2025-11-03\)/,
    );
  });

  it("a bounce is over when they are heard from again, an unsubscription is not", () => {
    const event = (type: "hard_bounce" | "unsubscribe" | "sign_of_life", days: number) =>
      ({ contact: "Bo", isDecisionMaker: true, type, atMs: daysAgo(days) }) as const;
    expect(detectMailTrouble([event("hard_bounce", 5)], now)!.text).toBe(
      "Mail no longer reaches Bo, who decides, since 2026-05-27.",
    );
    expect(detectMailTrouble([event("hard_bounce", 5), event("sign_of_life", 2)], now)).toBeNull();
    expect(detectMailTrouble([event("unsubscribe", 5), event("sign_of_life", 2)], now)).not.toBeNull();
    expect(detectMailTrouble([event("hard_bounce", 45)], now)).toBeNull();
  });

  it("missed calls count until somebody talked", () => {
    const call = (type: "missed" | "talked", days: number) => ({ type, contact: "Bo", atMs: daysAgo(days) }) as const;
    expect(detectMissedCalls([call("missed", 0.5), call("missed", 0.2)], now)).toBeNull();
    expect(detectMissedCalls([call("missed", 2), call("missed", 1)], now)!.text).toBe(
      "Bo called 2 times since 2026-05-30 and nobody called back in 2 days.",
    );
    expect(detectMissedCalls([call("missed", 4)], now)).toMatchObject({ cause: "unanswered_calls", observed: 1 });
    expect(detectMissedCalls([call("missed", 4), call("talked", 3)], now)).toBeNull();
  });
});

describe("satisfaction", () => {
  const answer = (days: number, score: number, contact = "Bo", scale: SurveyAnswer["scale"] = "nps") => ({
    atMs: daysAgo(days),
    contact,
    isDecisionMaker: contact === "Bo",
    scale,
    score,
  });

  it("a decision maker's newest answer counts", () => {
    expect(detectDetractor([answer(200, 9), answer(10, 4)], now)).toMatchObject({ expected: 9, observed: 4 });
    expect(detectDetractor([answer(20, 4), answer(10, 9)], now)).toBeNull();
    expect(detectDetractor([answer(10, 2, "somebody")], now)).toBeNull();
    expect(() => detectDetractor([answer(10, 11)], now)).toThrow(RangeError);
  });

  it("a mean falls by more than answers scatter, or not", () => {
    const before = [9, 8, 9, 10, 8, 9].map((score, i) => answer(120 + 30 * i, score, `c${i}`));
    const look = (scores: number[]) =>
      detectSatisfactionDrop(
        [...before, ...scores.map((score, i) => answer(5 + i, score, `d${i}`))],
        { falseAlarmsPerClientYear: 0.1 },
        now,
      );
    expect(look([8, 7])).toBeNull();
    expect(look([5, 4, 6])!.text).toMatch(/^Satisfaction fell from 8\.8 to 5 of 10 \(3 answers in the last 90 days\)/);
  });

  it("complaints are counted against their own past", () => {
    const budget = { falseAlarmsPerClientYear: 0.1 };
    const often = Array.from({ length: 24 }, (_, i) => daysAgo(95 + 30 * i));
    const recent = [1, 9, 30, 60].map(daysAgo);
    expect(detectComplaints([...often, ...recent], daysAgo(900), budget, now)).toBeNull();
    expect(detectComplaints(recent, daysAgo(900), budget, now)).toMatchObject({ expected: 0, observed: 4 });
  });
});

describe("growth", () => {
  it("is the mirror of the drop score", () => {
    const state = createDropState();
    let last = stepDropScore(state, 10, 1, dropPresets.fast);
    for (let week = 0; week < 35; week++) {
      last = stepDropScore(state, week < 30 ? 9 + (week % 3) : 20, 1, dropPresets.fast);
    }
    const { d, m, sd } = last!;
    expect(growthScore(last!)).toBeCloseTo((d - 0.1 * m) / sd, 12);
    // A fall of the same size scores as a drop what this scores as growth.
    expect(growthScore({ d, m, sd })).toBeCloseTo(-(-d + 0.1 * m) / sd, 12);
    expect(last!.z).toBeLessThan(0);
    const found = detectGrowth(last!, 1.35, "orders", now)!;
    expect(found).toMatchObject({ cause: "growing", direction: "better" });
    expect(found.text).toMatch(/^\d+ % more orders: \d+ a week over the last eight weeks, usually 10\./);
  });

  it("new things count against earlier quarters", () => {
    const first = (days: number, name = `p${days}`) => ({ name, firstMs: daysAgo(days) });
    const look = (firsts: ReturnType<typeof first>[]) =>
      detectNewThings("product group", firsts, daysAgo(730), { falseAlarmsPerClientYear: 0.25 }, now);
    const start = [700, 690, 680].map((days) => first(days));
    expect(look(start)).toBeNull();
    expect(look([...start, first(30, "toner"), first(9, "ink"), first(5, "pens")])!.text).toMatch(
      /^3 new product groups in the last quarter \(pens, ink and toner\), usually 0;/,
    );
  });
});

it("a lost client that orders is back, and one that was not heard of is not", () => {
  const lost = { lostMs: daysAgo(100), lastActiveMs: daysAgo(250) };
  expect(detectReturn({ ...lost, activityMs: [daysAgo(300), now + MS_A_DAY] }, "order", now)).toBeNull();
  expect(detectReturn({ ...lost, activityMs: [daysAgo(10), daysAgo(3)] }, "order", now)!.text).toBe(
    "Back after 240 days: 2 orders since 2026-05-22, the first after they were lost on 2026-02-21.",
  );
});

describe("drop, silence and outages in the same words", () => {
  it("say what was expected and seen, with the model and its version", () => {
    const counts = [...new Array(30).fill(8), 0, 0, 0, 0];
    const drops = dropEpisodes(
      counts,
      counts.map(() => 1),
      { preset: dropPresets.fast, threshold: 1.35 },
    );
    const drop = dropFinding(drops.openEpisode!, channelWords.orders, 1.35, 0.25, now, dropPresets.fast);
    expect(drop).toMatchObject({
      cause: "less_activity",
      model: { name: "activity_drop, fast", version: 1 },
      parts: [],
    });
    expect(drop.text).toMatch(/^\d+ % fewer orders: [\d.]+ a week over the last eight weeks .* usually 8\. That is/);
    expect(drop.text).toMatch(/What all clients did alike is taken out\.$/);
    const among = dropFinding(drops.openEpisode!, channelWords.orders, 1.35, 0.25, now, dropPresets.fast, "Joinery");
    expect(among.text).toMatch(/What all clients of “Joinery” did alike is taken out\.$/);

    const history = { activeDays: 10, firstActiveMs: daysAgo(210), lastActiveMs: daysAgo(120) };
    const silence = detectSilence(history, defaultGammaPrior, defaultSilenceSettings, now);
    if (silence.state !== "silent") throw new Error("should be silent");
    const finding = silenceFinding(silence, channelWords.all, history.lastActiveMs, now);
    expect(finding).toMatchObject({ cause: "less_activity", expected: 15, observed: 120, model: { version: 1 } });
    expect(finding.falseAlarmsPerClientYear).toBeLessThan(0.1);
    expect(finding.text).toBe(
      "No sign of life for 120 days (last on 2026-02-01), usually every 15 days: 8 times as long. By chance a client with this rhythm pauses so long once in 15 years.",
    );

    const rarity = { tailProbability: 1e-5, falseOutagesAYear: 0.025, falseOutagesAYearAtLine: 0.5, missedHours: 16 };
    const outage = { startMs: daysAgo(2), endMs: undefined, gapHours: 48, thresholdHours: 20, ...rarity };
    expect(outageFinding("shop", outage, now)).toMatchObject({
      tailProbability: 1e-5,
      falseAlarmsPerClientYear: 0.025,
      values: { missed_hours: 16, false_outages_a_year_at_line: 0.5 },
      text: "shop has sent nothing for 48 hours since 2026-05-30 00:00 UTC; it usually sends in 16 of them. By chance it pauses so long once in 40 years, holidays aside; the line is 20 hours.",
    });
  });
});
