import { budgetSchema } from "@keypulse/contracts";
import { describe, expect, it } from "vitest";
import { budgetOfClient, budgetsOf, budgetsOfDetector, smallerDetectors, usualBudgets } from "./budgets.ts";

const usual = usualBudgets({ drop: 0.25, silence: 0.1, smaller: 0.11 });

describe("budgets", () => {
  it("are the service's where nobody has set one", () => {
    const budgets = budgetsOf(budgetSchema.parse({}), usual);
    expect(budgetOfClient(budgets, new Set(["key"]))).toEqual(usual);
    expect(budgetsOfDetector(budgets, "silence")).toEqual([0.1]);
  });

  it("of the smaller detectors are parts of one, and what people set for one is its own", () => {
    expect(smallerDetectors.reduce((sum, detector) => sum + usual[detector], 0)).toBeCloseTo(0.11, 12);
    const budgets = budgetsOf(budgetSchema.parse({ false_alarms: { spend: 0.3, detractor: 1 } }), usual);
    expect(budgets.forAll).toMatchObject({ spend: 0.3, mix: usual.mix });
    expect(budgets.forAll).not.toHaveProperty("detractor");
  });

  it("are the workspace's, and a segment's own for its clients; of several the one that bears most", () => {
    const budgets = budgetsOf(
      budgetSchema.parse({
        false_alarms: { silence: 0.2 },
        segments: [
          { segment: "key", false_alarms: { activity_drop: 0.5 } },
          { segment: "small", false_alarms: { activity_drop: 0.1, silence: 0.05 } },
        ],
      }),
      usual,
    );
    expect(budgetOfClient(budgets, new Set())).toMatchObject({ activity_drop: 0.25, silence: 0.2 });
    expect(budgetOfClient(budgets, new Set(["small"]))).toMatchObject({ activity_drop: 0.1, silence: 0.05 });
    expect(budgetOfClient(budgets, new Set(["small", "key"]))).toMatchObject({ activity_drop: 0.5, silence: 0.2 });
    expect(budgetsOfDetector(budgets, "activity_drop")).toEqual([0.25, 0.5, 0.1]);
  });
});
