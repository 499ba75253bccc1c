import type { Channel } from "@keypulse/contracts";

/** What a client did in one channel, by local day. Arrays are equally long, days ascending. */
export interface ChannelHistory {
  days: number[];
  counts: number[];
  firstAtMs: number;
  lastAtMs: number;
  /** Sources by their share of the channel's activity in the last year with any. */
  sourceShares: Map<string, number>;
}

/** All that detectors need of one client. */
export interface ClientHistory {
  clientId: string;
  /** A channel without activity is missing. */
  channels: Partial<Record<Channel, ChannelHistory>>;
  /** Net revenue by local day, in the workspace's currency. */
  revenue: { day: number; amount: number }[];
}
