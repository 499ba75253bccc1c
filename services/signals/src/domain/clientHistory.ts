import type { Channel } from "@keypulse/contracts";
import type { ChannelHistory } from "@keypulse/methods";

/** Channels with a history of activity by day. */
export const activityChannels = ["orders", "all"] as const satisfies readonly Channel[];
export type ActivityChannel = (typeof activityChannels)[number];

/** All that detectors need of one client. */
export interface ClientHistory {
  clientId: string;
  /** A channel without activity is missing. */
  channels: Partial<Record<ActivityChannel, ChannelHistory>>;
  /** Net revenue by local day, in the workspace's currency. */
  revenue: { day: number; amount: number }[];
}
