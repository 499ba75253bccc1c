/** Clocks run apart; what is further ahead of our own than this did not happen then. */
const mostAheadMs = 5 * 60_000;

/** Any form of ISO 8601 that libraries print; without zone it is UTC, as the Segment specification has it. */
const instantShape = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * When a message happened, by our clock: the sender's clock shows `sentAt` while ours shows `receivedAt`, so
 * `timestamp` is moved by the difference. Source: Segment specification, common fields, "Timestamps".
 * @returns ISO 8601; undefined where `timestamp` is something else than a time
 */
export function occurredAt(timestamp: unknown, sentAt: unknown, receivedAt: Date): string | undefined {
  if (timestamp === undefined || timestamp === null || timestamp === "") return receivedAt.toISOString();
  const original = millisecondsOf(timestamp);
  if (original === undefined) return undefined;
  const sent = millisecondsOf(sentAt);
  const moment = sent === undefined ? original : receivedAt.getTime() - (sent - original);
  if (moment > receivedAt.getTime() + mostAheadMs) return receivedAt.toISOString();
  const date = new Date(moment);
  // Years before Christ print with a sign and six digits, which no reader of ISO 8601 expects.
  return date.getUTCFullYear() >= 0 ? date.toISOString() : undefined;
}

function millisecondsOf(value: unknown): number | undefined {
  const parts = typeof value === "string" ? instantShape.exec(value) : null;
  if (parts === null) return undefined;
  const [, day, time = "00:00", zone = "Z"] = parts;
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
