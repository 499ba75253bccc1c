import type { DropLine } from "@keypulse/methods";
import type { DetectorLine } from "../outputs/detectorLines.ts";
import { type BudgetedDetector, type Budgets, budgetedDetectors, budgetOfClient } from "./budgets.ts";
import { type ActivityChannel, activityChannels } from "./clientHistory.ts";
import type { PanelContext } from "./context.ts";
import type { Watched } from "./watched.ts";

/** The line of every detector and channel, for all clients and for segments with a budget of their own, and why. */
export function describeLines(
  detections: readonly { clientId: string; watched: readonly Watched[] }[],
  panel: PanelContext,
  budgets: Budgets,
  memberOf: ReadonlyMap<string, ReadonlySet<string>>,
): DetectorLine[] {
  const groups = [
    { segment: "", falseAlarms: budgets.forAll },
    ...budgets.segments.map(({ segment }) => ({
      segment,
      falseAlarms: budgetOfClient(budgets, new Set([segment])),
    })),
  ];
  return groups.flatMap(({ segment, falseAlarms }) => {
    const monitored = detections
      .filter(({ clientId }) => segment === "" || memberOf.get(clientId)?.has(segment))
      .flatMap(({ watched }) => watched)
      .filter((one) => one.monitored);
    return budgetedDetectors.flatMap((detector) =>
      activityChannels.map((channel) => ({
        detector,
        channel,
        segment,
        budget: falseAlarms[detector],
        monitored: monitored.filter((one) => one.detector === detector && one.channel === channel).length,
        ...lineOf(detector, channel, falseAlarms[detector], panel),
      })),
    );
  });
}

function lineOf(
  detector: BudgetedDetector,
  channel: ActivityChannel,
  budget: number,
  panel: PanelContext,
): Pick<DetectorLine, "line" | "reason"> {
  if (detector === "silence") {
    return {
      line: budget,
      reason: "The budget itself: each client's own gaps a year turn it into how long it may be silent.",
    };
  }
  const { threshold, calibration } = panel.channels[channel].lines.get(budget) as DropLine;
  return {
    line: threshold,
    reason:
      calibration === undefined
        ? "The line of the study: the company's own history is too short (under 20 client-years), or no line keeps the budget on it."
        : `Own history of ${Math.round(calibration.clientYears)} client-years: ` +
          `${calibration.falseAlarmsPerClientYear.toFixed(2)} false alarms a client-year at ${calibration.threshold.toFixed(2)}` +
          `${calibration.threshold === threshold ? "." : `, held at ${threshold.toFixed(2)}, half or twice the study's.`}`,
  };
}
