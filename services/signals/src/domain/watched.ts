import type { Channel, Detector } from "@keypulse/contracts";
import type { Finding } from "@keypulse/methods";

/** How one detector sees one channel of a client now. */
export interface Watched {
  detector: Detector;
  channel: Channel;
  /** Whether the detector watches the client at all. */
  monitored: boolean;
  /** What is raised. */
  finding: Finding | undefined;
  /** Raised: when the line was crossed (not when we look). */
  crossedAtMs: number | undefined;
  /** Nothing is raised: why an episode that was open ends. */
  endReason: string;
  /** Revenue of a year that is at risk, in the workspace's currency. */
  moneyAtStake: number;
  likelihood: number | undefined;
  /** A source that is suspect now; while it is, nothing new may be raised. */
  heldBy: string | undefined;
}
