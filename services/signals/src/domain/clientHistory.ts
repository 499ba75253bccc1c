import type { Channel } from "@keypulse/contracts";
import type { Calendar, ChannelHistory, NumberList, OrderAmount } from "@keypulse/methods";

/** Net revenue by local day, in the workspace's currency. Arrays are equally long, days ascending. */
export interface DailyRevenue {
  readonly days: NumberList;
  readonly amounts: NumberList;
}

/** Channels with a history of activity by day. Those of one kind alone are watched for drops only. */
export const activityChannels = ["orders", "all", "email", "web", "call"] as const satisfies readonly Channel[];
export const kindChannels = ["email", "web", "call"] as const;
export type ActivityChannel = (typeof activityChannels)[number];

/** All that detectors need of one client. */
export interface ClientHistory {
  clientId: string;
  /** A channel without activity is missing. */
  channels: Partial<Record<ActivityChannel, ChannelHistory>>;
  revenue: DailyRevenue;
}

/** A day's revenue as if it were one order at the day's beginning. */
export function orderAmounts({ days, amounts }: DailyRevenue, calendar: Calendar): OrderAmount[] {
  return Array.from(days, (day, i) => ({ atMs: calendar.dayStartMs(day), amount: amounts[i]! }));
}
