import type { Alert } from "@keypulse/contracts";
import { type Answer, judgeAnswer, type Verdict } from "../domain/attempt.ts";
import { type WebhookConsumer, webhookBody, webhookIdOf } from "../domain/webhook.ts";
import type { DeliveryTable } from "../outputs/deliveryTable.ts";
import type { DisabledConsumers } from "../outputs/disabledConsumers.ts";
import type { SendWebhook } from "../outputs/webhookSender.ts";

export interface DeliveryTask {
  alert: Alert;
  consumer: WebhookConsumer;
  /** From 1. */
  attempt: number;
  /** True where an earlier run may have delivered it: ask the warehouse first. */
  checkFirst: boolean;
}

export type DeliveryResult = (Verdict & { answer: Answer }) | { outcome: "ended_before" };

export interface DeliverNeeds {
  send: SendWebhook;
  deliveries: DeliveryTable;
  disabled: DisabledConsumers;
  scheduleMs: readonly number[];
  /** Milliseconds since 1970. */
  clock: () => number;
  random: () => number;
  /** Tries until it succeeds or the service stops. */
  untilDone: <T>(step: string, work: () => Promise<T>) => Promise<T>;
}

/** One try of one delivery, recorded in the warehouse before its outcome counts. */
export function createDeliver(needs: DeliverNeeds) {
  const { send, deliveries, disabled, scheduleMs, clock, random, untilDone } = needs;

  return async ({ alert, consumer, attempt, checkFirst }: DeliveryTask): Promise<DeliveryResult> => {
    if (checkFirst) {
      const ended = await untilDone("check delivery", () =>
        deliveries.hasEnded(alert.id, alert.version, consumer.name),
      );
      if (ended) return { outcome: "ended_before" };
    }
    const attemptedAt = new Date(clock()).toISOString();
    let answer: Answer = { status: 0, durationMs: 0 };
    let verdict: Verdict = { outcome: "disabled", delayMs: 0, detail: "not sent: the receiver answered 410 before" };
    if (!(await disabled.has(consumer))) {
      answer = await send(consumer, { id: webhookIdOf(alert, consumer.name), body: webhookBody(alert) });
      verdict = judgeAnswer(answer, attempt, { scheduleMs, nowMs: clock(), random: random() });
      if (verdict.outcome === "disabled") await disabled.disable(consumer);
    }
    await untilDone("record delivery", () =>
      deliveries.record({
        alert_id: alert.id,
        version: alert.version,
        consumer: consumer.name,
        attempt,
        attempted_at: attemptedAt,
        outcome: verdict.outcome,
        status: answer.status,
        detail: verdict.detail,
        duration_ms: answer.durationMs,
      }),
    );
    return { ...verdict, answer };
  };
}
