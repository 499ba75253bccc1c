import type { Channel } from "@keypulse/contracts";
import type { ChannelHistory } from "@keypulse/methods";

/** All that detectors need of one client. */
export interface ClientHistory {
  clientId: string;
  /** A channel without activity is missing. */
  channels: Partial<Record<Channel, ChannelHistory>>;
  /** Net revenue by local day, in the workspace's currency. */
  revenue: { day: number; amount: number }[];
}
