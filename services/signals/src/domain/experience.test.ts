import { budgetSchema } from "@keypulse/contracts";
import { expect, it } from "vitest";
import { budgetsOf, usualBudgets } from "./budgets.ts";
import { aimsOf, misjudged, sayExperience } from "./experience.ts";

const right = { aimed: 20, alerts: 40, judged: 20, falseAlarms: 10 };

it("moves a line only when enough was judged, by what it gave beside what it was set for, twice at most", () => {
  expect(misjudged(undefined)).toBe(1);
  expect(misjudged(right)).toBe(1);
  expect(misjudged({ ...right, judged: 9, falseAlarms: 9 })).toBe(1);
  // 40 x 18 / 20 = 36 false alarms where 20 were aimed at.
  expect(misjudged({ ...right, falseAlarms: 18 })).toBeCloseTo((36 + 5) / (20 + 5), 1);
  expect(misjudged({ ...right, alerts: 400, falseAlarms: 20 })).toBe(2);
  expect(misjudged({ ...right, falseAlarms: 0 })).toBe(0.5);
});

it("keeps the borne budget: lines that give too much are set for less, of segments too", () => {
  const budgets = budgetsOf(
    budgetSchema.parse({ segments: [{ segment: "key", false_alarms: { silence: 0.4 } }] }),
    usualBudgets({ drop: 0.25, silence: 0.1, smaller: 0.12 }),
  );
  const experiences = new Map([["silence", { ...right, alerts: 400, falseAlarms: 20 }]]);
  const aims = aimsOf(budgets, experiences);
  expect(aims.forAll).toMatchObject({ silence: 0.05, activity_drop: 0.25, spend: budgets.forAll.spend });
  expect(aims.segments).toMatchObject([{ segment: "key", falseAlarms: { silence: 0.2 } }]);
  expect(sayExperience("silence", experiences.get("silence"), 0.05)).toBe(
    " Of 20 alerts that people judged 20 were false or expected: 2 times what the line was set for, so silence is set for 0.050 now.",
  );
  expect(sayExperience("silence", right, 0.1)).toBe("");
});
