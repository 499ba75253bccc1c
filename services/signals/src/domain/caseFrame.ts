import type { Channel, Detector } from "@keypulse/contracts";
import {
  type AskedAsOf,
  type Calendar,
  type Finding,
  type NumberList,
  type OrderAmount,
  raisedSince,
  revenueOfYearBefore,
} from "@keypulse/methods";
import type { SmallerDetector } from "./budgets.ts";
import type { CaseFile } from "./caseFile.ts";
import type { CasePanel } from "./casePanel.ts";
import { type ClientHistory, orderAmounts } from "./clientHistory.ts";
import type { SourceState } from "./sourceState.ts";
import type { Watched } from "./watched.ts";

/** What all smaller detectors are given of one client. */
export interface CaseFrame {
  readonly clientId: string;
  readonly file: CaseFile;
  readonly panel: CasePanel;
  /** False alarms a client-year that are borne. */
  readonly budget: Readonly<Record<SmallerDetector, number>>;
  readonly settings: CaseSettings;
  readonly calendar: Calendar;
  readonly asOfMs: number;
  /** Local days with an order, ascending. */
  readonly orderDays: NumberList;
  readonly firstOrderMs: number | undefined;
  readonly firstActiveMs: number | undefined;
  readonly lastActiveMs: number | undefined;
  /** Net revenue by local day, in the workspace's currency. */
  readonly revenue: readonly OrderAmount[];
  /** Of the last 365 days. */
  readonly yearRevenue: number;
  readonly orderSources: SourceState;
  readonly allSources: SourceState;
}

export interface CaseSettings {
  readonly minRepeats: number;
  readonly currency: string;
}

interface Told {
  readonly finding: Finding;
  readonly crossedAtMs: number;
  readonly moneyAtStake: number;
  readonly heldBy?: string | undefined;
}

const endReasons: Partial<Record<Detector, string>> = {
  contact_silence: "Heard from again.",
  contact_mail: "Mail reaches them again, or a month has passed.",
  missed_calls: "Somebody has spoken with them, or a month has passed.",
  spend: "Their orders are near what is usual for them again.",
  mix: "They order these products again, or too little to tell.",
  margin_trend: "Their margin no longer falls.",
  discount_trend: "Their discount no longer rises.",
  payment: "They pay as they used to again.",
  detractor: "A newer answer is better, or three months have passed.",
  satisfaction_drop: "Answers are as they used to be again.",
  complaints: "No more complaints than usual.",
  share_crossing: "Two months have passed since; the share is in the portfolio.",
  concentration_trend: "Revenue hangs on as many clients as before.",
  new_product_groups: "No new product groups lately.",
  new_contacts: "No new people in touch lately.",
  return: "They have been back for a month.",
};

/** Nothing found: the same object for all clients, for most find nothing. */
const quietOnes = new Map<string, Watched>();

export function quiet(detector: Detector, channel: Channel, monitored: boolean): Watched {
  const name = `${detector} ${channel} ${monitored}`;
  let known = quietOnes.get(name);
  if (known === undefined) {
    known = {
      ...{ detector, channel, monitored, finding: undefined, crossedAtMs: undefined },
      endReason: endReasons[detector] ?? "",
      ...{ moneyAtStake: 0, likelihood: undefined, heldBy: undefined },
    };
    quietOnes.set(name, known);
  }
  return known;
}

export function raised(detector: Detector, channel: Channel, told: Told): Watched {
  return {
    ...quiet(detector, channel, true),
    ...told,
    moneyAtStake: Math.max(0, Math.round(100 * told.moneyAtStake) / 100),
  };
}

/** Asks a detector with its budget, steady at the line. @param monitored whether there is anything to ask about */
export function watchBudgeted(
  frame: CaseFrame,
  detector: SmallerDetector,
  channel: Channel,
  monitored: boolean,
  ask: AskedAsOf,
  moneyAtStake: (finding: Finding) => number,
  heldBy?: string,
): Watched {
  const found = monitored
    ? raisedSince(ask, { falseAlarmsPerClientYear: frame.budget[detector] }, frame.asOfMs, frame.calendar)
    : null;
  if (found === null) return quiet(detector, channel, monitored);
  return raised(detector, channel, { ...found, moneyAtStake: moneyAtStake(found.finding), heldBy });
}

/** Puts together what the smaller detectors are given of one client. */
export function frameOf(
  history: ClientHistory,
  file: CaseFile,
  common: Pick<CaseFrame, "panel" | "budget" | "settings" | "calendar" | "asOfMs" | "orderSources" | "allSources">,
): CaseFrame {
  const { orders, all } = history.channels;
  const revenue = orderAmounts(history.revenue, common.calendar);
  return {
    ...common,
    clientId: history.clientId,
    file,
    orderDays: orders?.days ?? [],
    firstOrderMs: orders?.firstAtMs,
    firstActiveMs: all?.firstAtMs,
    lastActiveMs: all?.lastAtMs,
    revenue,
    yearRevenue: revenueOfYearBefore(revenue, common.asOfMs),
  };
}
