import type { Alert, Detector } from "@keypulse/contracts";
import { nameUuid } from "@keypulse/identity";
import { changeOf } from "./news.ts";

/** A receiver of alerts by HTTP. */
export interface WebhookConsumer {
  /** Names its queue, its rows in `deliveries`, its metrics. */
  name: string;
  url: string;
  /** `whsec_` and 24 to 64 bytes in base64. */
  secret: string;
  /** Only alerts that one of these detectors raised; all where absent. */
  detectors?: Detector[] | undefined;
  /** Only alerts that ever had as much at stake, in the workspace's currency. */
  min_money?: number | undefined;
}

export function wants(
  consumer: WebhookConsumer,
  raisedBy: readonly { readonly detector: string }[],
  peakMoney: number,
): boolean {
  const { detectors, min_money } = consumer;
  return (
    (detectors === undefined || detectors.some((one) => raisedBy.some(({ detector }) => detector === one))) &&
    (min_money === undefined || peakMoney >= min_money)
  );
}

/** The idempotency key of the receiver: the same over all tries. */
export const webhookIdOf = (alert: Pick<Alert, "id" | "version">, consumer: string): string =>
  `msg_${nameUuid(`webhook:${alert.id}:${alert.version}:${consumer}`)}`;

/** The body as Standard Webhooks wants it; byte for byte the same over all tries. */
export function webhookBody(alert: Alert): string {
  return JSON.stringify({ type: `alert.${changeOf(alert)}`, timestamp: alert.updated_at, data: alert });
}
