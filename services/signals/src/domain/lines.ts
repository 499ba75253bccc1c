import { type Channel, detectorChannels } from "@keypulse/contracts";
import type { DropLine } from "@keypulse/methods";
import type { DetectorLine } from "../outputs/detectorLines.ts";
import { type BudgetedDetector, type Budgets, budgetedDetectors, budgetOfClient, type FalseAlarms } from "./budgets.ts";
import { type ActivityChannel, activityChannels } from "./clientHistory.ts";
import { dropBudgetOf, type PanelContext } from "./context.ts";
import { growthLine } from "./detect.ts";
import { aimsOf, type Experiences, sayExperience } from "./experience.ts";
import type { Watched } from "./watched.ts";

/** The line of every detector and channel, for all clients and for segments with a budget of their own, and why. */
export function describeLines(
  detections: readonly { clientId: string; watched: readonly Watched[] }[],
  panel: PanelContext,
  budgets: Budgets,
  experiences: Experiences,
  memberOf: ReadonlyMap<string, ReadonlySet<string>>,
): DetectorLine[] {
  const aims = aimsOf(budgets, experiences);
  const segments = budgets.segments.map(({ segment }) => segment);
  return ["", ...segments].flatMap((segment) => {
    const ofGroup = (all: Budgets): FalseAlarms => budgetOfClient(all, new Set(segment === "" ? [] : [segment]));
    const [borne, aimedAt] = [ofGroup(budgets), ofGroup(aims)];
    const monitored = new Map<string, number>();
    for (const { clientId, watched } of detections) {
      if (segment !== "" && !memberOf.get(clientId)?.has(segment)) continue;
      for (const one of watched) {
        const name = `${one.detector} ${one.channel}`;
        if (one.monitored) monitored.set(name, (monitored.get(name) ?? 0) + 1);
      }
    }
    return budgetedDetectors.flatMap((detector) =>
      detectorChannels[detector].map((channel) => {
        const aim = budgetOf(detector, channel, aimedAt);
        const { line, reason } = lineOf(detector, channel, aim, panel);
        return {
          ...{ detector, channel, segment, budget: budgetOf(detector, channel, borne), aim, line },
          monitored: monitored.get(`${detector} ${channel}`) ?? 0,
          reason: `${reason}${sayExperience(detector, experiences.get(detector), aim)}`,
        };
      }),
    );
  });
}

const isActivity = (channel: Channel): channel is ActivityChannel => activityChannels.some((name) => name === channel);

function budgetOf(detector: BudgetedDetector, channel: Channel, falseAlarms: FalseAlarms): number {
  const budget = falseAlarms[detector];
  return detector === "activity_drop" && isActivity(channel) ? dropBudgetOf(channel, budget) : budget;
}

function lineOf(
  detector: BudgetedDetector,
  channel: Channel,
  budget: number,
  panel: PanelContext,
): Pick<DetectorLine, "line" | "reason"> {
  if (detector === "silence" || detector === "contact_silence") {
    return {
      line: budget,
      reason: "The budget itself: each client's own gaps a year turn it into how long it may be silent.",
    };
  }
  if (detector === "growth") {
    return {
      line: growthLine(panel, channel === "orders" ? channel : "all", budget),
      reason: "The drop's line for this budget, mirrored, and not below the study's.",
    };
  }
  if (detector !== "activity_drop" || !isActivity(channel)) {
    return {
      line: budget,
      reason:
        "The budget itself: what is rarer by chance, by the client's own past, is raised; it ends at four times that.",
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
