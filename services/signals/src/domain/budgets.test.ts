import { budgetSchema } from "@keypulse/contracts";
import { describe, expect, it } from "vitest";
import { budgetOfClient, budgetsOf, budgetsOfDetector } from "./budgets.ts";

const usual = { activity_drop: 0.25, silence: 0.1 };

describe("budgets", () => {
  it("are the service's where nobody has set one", () => {
    const budgets = budgetsOf(budgetSchema.parse({}), usual);
    expect(budgetOfClient(budgets, new Set(["key"]))).toEqual(usual);
    expect(budgetsOfDetector(budgets, "silence")).toEqual([0.1]);
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
    expect(budgetOfClient(budgets, new Set())).toEqual({ activity_drop: 0.25, silence: 0.2 });
    expect(budgetOfClient(budgets, new Set(["small"]))).toEqual({ activity_drop: 0.1, silence: 0.05 });
    expect(budgetOfClient(budgets, new Set(["small", "key"]))).toEqual({ activity_drop: 0.5, silence: 0.2 });
    expect(budgetsOfDetector(budgets, "activity_drop")).toEqual([0.25, 0.5, 0.1]);
  });
});
