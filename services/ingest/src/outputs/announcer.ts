import type { ClientsTouched, OrdersTouched, Topics } from "@keypulse/contracts";
import { cloudEventHeaders, type EngineLogger, type Producer } from "@keypulse/engines";
import { nameUuid, nobody } from "@keypulse/identity";
import { type Batch, tokenOf } from "../domain/batch.ts";

const clientsAMessage = 2_000;
const ordersAMessage = 200;

/**
 * A broker's limit is on what one request adds to a partition, 4 MiB on our topics and 1 MiB by Kafka's default; messages
 * of a request may all go to one partition.
 */
const mostRequestBytes = 768 * 1024;
/** The copy of a larger message goes without its bytes: `rejected_events` has them at the position in its headers. */
const mostCopyBytes = 512 * 1024;
const mostKeyBytes = 1024;
const mostTextLength = 2_000;

interface Announcement {
  topic: string;
  message: { key: Buffer | string | null; value: Buffer | string | null; headers: Record<string, string> };
}

/** Tells the others what a stored batch was about. At least once: a repeated batch repeats ids. */
export class Announcer {
  readonly #producer: Producer;
  readonly #topics: Topics;
  readonly #logger: EngineLogger;
  constructor(producer: Producer, topics: Topics, logger: EngineLogger) {
    this.#producer = producer;
    this.#topics = topics;
    this.#logger = logger;
  }

  async announce(batch: Batch): Promise<void> {
    await this.#sendAll([...this.#touched(batch), ...this.#orders(batch), ...this.#rejected(batch)]);
  }

  /** Tells whose orders were settled: their figures are other ones now. */
  async announceSettled(token: string, clientKeys: readonly string[], from: number, to: number): Promise<void> {
    await this.#sendAll([...this.#clients(token, clientKeys, from, to)]);
  }

  async #sendAll(announcements: readonly Announcement[]): Promise<void> {
    let request: Announcement[] = [];
    let bytes = 0;
    for (const announcement of announcements) {
      const size = bytesOf(announcement);
      if (request.length > 0 && bytes + size > mostRequestBytes) {
        await this.#send(request);
        request = [];
        bytes = 0;
      }
      request.push(announcement);
      bytes += size;
    }
    if (request.length > 0) await this.#send(request);
  }

  /** Where a topic was given a limit below ours, halves are tried, and what is too large by itself is not announced. */
  async #send(request: Announcement[]): Promise<void> {
    const byTopic = Map.groupBy(request, ({ topic }) => topic);
    try {
      await this.#producer.sendBatch({
        acks: -1,
        topicMessages: [...byTopic].map(([topic, list]) => ({ topic, messages: list.map(({ message }) => message) })),
      });
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const [first] = request;
      if (request.length === 1) {
        const { topic, message } = first!;
        this.#logger.error({ topic, bytes: bytesOf(first!), id: message.headers.ce_id }, "too large to be announced");
        return;
      }
      const half = request.length >> 1;
      await this.#send(request.slice(0, half));
      await this.#send(request.slice(half));
    }
  }

  *#touched(batch: Batch): Generator<Announcement> {
    const keys = new Set<string>();
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (const { identity, occurredAtMs, orderId } of batch.accepted) {
      // What an order's message means for whom is known when the order is settled.
      if (identity.clientKey === nobody || orderId !== "") continue;
      keys.add(identity.clientKey);
      from = Math.min(from, occurredAtMs);
      to = Math.max(to, occurredAtMs);
    }
    yield* this.#clients(tokenOf(batch.range), [...keys], from, to);
  }

  *#clients(token: string, clientKeys: readonly string[], from: number, to: number): Generator<Announcement> {
    const now = new Date().toISOString();
    for (let start = 0; start < clientKeys.length; start += clientsAMessage) {
      const value: ClientsTouched = {
        batch: token,
        client_keys: clientKeys.slice(start, start + clientsAMessage),
        occurred_from: new Date(from).toISOString(),
        occurred_to: new Date(to).toISOString(),
        stored_at: now,
      };
      const headers = cloudEventHeaders({
        id: nameUuid(`touched:${token}:${start}`),
        source: "/keypulse/ingest",
        type: "keypulse.clients.touched",
        time: now,
      });
      yield {
        topic: this.#topics.touched,
        message: { key: value.client_keys[0]!, value: JSON.stringify(value), headers },
      };
    }
  }

  /** Orders to settle, in messages of one source each. */
  *#orders(batch: Batch): Generator<Announcement> {
    const bySource = new Map<string, Set<string>>();
    for (const { source, orderId } of batch.accepted) {
      if (orderId === "") continue;
      const ids = bySource.get(source) ?? new Set();
      bySource.set(source, ids);
      ids.add(orderId);
    }
    const token = tokenOf(batch.range);
    for (const [source, ids] of bySource) yield* ordersMessages(this.#topics.orders, token, source, [...ids]);
  }

  /** The dead letter: the message as it came, with the reason and its first place in the headers; a large one without its bytes. */
  *#rejected(batch: Batch): Generator<Announcement> {
    const { topic, partition } = batch.range;
    for (const { message, reason, detail, source } of batch.rejected) {
      const position = `${topic}:${partition}:${message.offset}`;
      const { key, value } = message;
      const left = (value?.length ?? 0) > mostCopyBytes ? value!.length : undefined;
      const headers = {
        ...cloudEventHeaders({
          id: nameUuid(`rejected:${position}`),
          source: "/keypulse/ingest",
          type: "keypulse.event.rejected",
          time: new Date(message.timestampMs).toISOString(),
        }),
        "content-type": "application/octet-stream",
        reason,
        detail: detail.slice(0, mostTextLength),
        event_source: source.slice(0, mostTextLength),
        position,
        ...(left === undefined ? {} : { bytes_left_out: String(left) }),
      };
      const copy = {
        key: key !== null && key.length > mostKeyBytes ? null : key,
        value: left === undefined ? value : null,
      };
      yield { topic: this.#topics.rejected, message: { ...copy, headers } };
    }
  }
}

function bytesOf({ message }: Announcement): number {
  const { key, value, headers } = message;
  const texts = Object.entries(headers).flat();
  // Lengths, counts and an envelope a message: below 100 bytes.
  return [key, value, ...texts].reduce((sum, part) => sum + Buffer.byteLength(part ?? ""), 100);
}

/** Of one record, a whole request, or what the broker takes at all. */
const isTooLarge = (error: unknown): boolean =>
  ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"].includes((error as { type?: string }).type ?? "");

/** Messages that have orders of a source settled. @param token names what they come of */
export function* ordersMessages(
  topic: string,
  token: string,
  source: string,
  orderIds: readonly string[],
): Generator<Announcement> {
  const now = new Date().toISOString();
  for (let start = 0; start < orderIds.length; start += ordersAMessage) {
    const value: OrdersTouched = {
      batch: token,
      source,
      order_ids: orderIds.slice(start, start + ordersAMessage),
      stored_at: now,
    };
    const headers = cloudEventHeaders({
      id: nameUuid(`orders:${token}:${source}:${start}`),
      source: "/keypulse/ingest",
      type: "keypulse.orders.touched",
      time: now,
    });
    yield { topic, message: { key: source, value: JSON.stringify(value), headers } };
  }
}
