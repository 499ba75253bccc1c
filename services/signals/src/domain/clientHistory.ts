import type { Channel } from "@keypulse/contracts";
import type { Calendar, ChannelHistory, NumberList, OrderAmount } from "@keypulse/methods";

/** Channels with a history of activity by day. */
export const activityChannels = ["orders", "all"] as const satisfies readonly Channel[];
export type ActivityChannel = (typeof activityChannels)[number];

/** Net revenue by local day, in the workspace's currency. Arrays are equally long, days ascending. */
export interface DailyRevenue {
  readonly days: NumberList;
  readonly amounts: NumberList;
}

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
