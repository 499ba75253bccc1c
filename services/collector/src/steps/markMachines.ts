import type { MappedEvent, ParsedElement } from "@keypulse/connectors";
import { type Redis, within } from "@keypulse/engines";

/** An open or click so soon after delivery is a scanner's or a prefetcher's: people need longer. */
const machineWithinMs = 10_000;
const rememberedSeconds = 300;
/** Marking is a help, not a promise: a request does not wait longer for it. */
const redisWithinMs = 200;
/** Different links of one mail that are clicked in one second. */
const linksOfAMachine = 3;

/**
 * Marks opens and clicks that a machine made: within ten seconds of the delivery of the same mail, or many links in the
 * same second. Deliveries are remembered in Redis for a while; without Redis only the request itself is looked at.
 */
export function createMarkMachines(redis: Redis, prefix: string) {
  return async function markMachines(source: string, elements: readonly ParsedElement[]): Promise<void> {
    const events = elements.flatMap((element) => ("events" in element ? element.events : [])).filter(isAboutMail);
    if (events.length === 0) return;
    const nameOf = ({ identifiers, properties }: MappedEvent) =>
      `${prefix}delivered:${source}:${String(properties.message_id)}:${identifiers.email ?? ""}`;
    const delivered = new Map<string, number>();
    for (const event of events) {
      if (event.type === "email.delivered") delivered.set(nameOf(event), Date.parse(event.occurred_at));
    }
    const acts = events.filter(({ type }) => type === "email.opened" || type === "email.clicked");
    await remember(redis, delivered, [...new Set(acts.map(nameOf))]);
    const clicks = Map.groupBy(
      acts.filter(({ type }) => type === "email.clicked"),
      (event) => `${nameOf(event)} ${Math.floor(Date.parse(event.occurred_at) / 1000)}`,
    );
    for (const event of acts) {
      const sinceMs = Date.parse(event.occurred_at) - (delivered.get(nameOf(event)) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs >= 0 && sinceMs < machineWithinMs) event.properties.machine = true;
    }
    for (const sameSecond of clicks.values()) {
      const links = new Set(sameSecond.map(({ properties }) => properties.link));
      if (links.size >= linksOfAMachine) for (const event of sameSecond) event.properties.machine = true;
    }
  };
}

const isAboutMail = ({ type, properties }: MappedEvent): boolean =>
  type.startsWith("email.") && properties.message_id !== undefined;

/** Stores deliveries and adds those that are asked for and were stored before. */
async function remember(redis: Redis, delivered: Map<string, number>, asked: readonly string[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [name, atMs] of delivered) pipeline.set(name, atMs, "EX", rememberedSeconds);
  const unknown = asked.filter((name) => !delivered.has(name));
  if (unknown.length > 0) pipeline.mget(unknown);
  try {
    const replies = await within(redisWithinMs, pipeline.exec(), "Redis is slow");
    const values = unknown.length > 0 ? (replies?.at(-1)?.[1] as (string | null)[]) : [];
    for (const [index, value] of values.entries()) if (value !== null) delivered.set(unknown[index]!, Number(value));
  } catch {
    // Without Redis opens count as they would without this step.
  }
}
