/** Nothing that this product counts happened before; senders that lost their clock say 1970. */
const earliestMs = Date.UTC(1990, 0, 1);
/** Clocks of senders may run ahead of Kafka's by this much. */
const aheadMs = 24 * 3_600_000;

/** Why an event can't have happened then, in words for its sender; undefined where it can. */
export function occurredAtProblem(occurredAt: string, occurredAtMs: number, receivedAtMs: number): string | undefined {
  if (!(occurredAtMs >= earliestMs)) return `occurred_at: ${occurredAt.slice(0, 40)} is before 1990`;
  if (occurredAtMs <= receivedAtMs + aheadMs) return undefined;
  return `occurred_at: ${occurredAt.slice(0, 40)} is more than a day after it arrived (${new Date(receivedAtMs).toISOString()})`;
}
