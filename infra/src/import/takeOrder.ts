import type { MappedEvent } from "@keypulse/connectors";
import type { ReadOrder } from "@keypulse/connectors/files";
import { refusedHeaders, type Topics } from "@keypulse/contracts";
import { type KafkaMessage, type Source, toMessages } from "@keypulse/sources";

/** Name of the connector that sources made by an import have, and that refused rows are stamped with. */
export const fileConnector = "file";

export interface TakenOrder {
  messages: KafkaMessage[];
  /** None where the order is refused. */
  events: readonly MappedEvent[];
  refused: { reason: string; detail: string } | undefined;
}

export interface TakeContext {
  source: Source;
  topics: Topics;
  fileName: string;
  /** Goes before refused rows of tables, so that what is kept of them is a file by itself. */
  header: string | undefined;
  receivedAt: Date;
}

/** Largest message that is sent; the topics take 4 MiB, and ingest refuses events above 1 MiB itself. */
const mostBytes = 3_500_000;

/** Turns an order into its events' messages, or into one that keeps its rows with the reason why they can't be used. */
export function takeOrder(order: ReadOrder, context: TakeContext): TakenOrder {
  if (!("events" in order)) return refuse(order, order.fault, context);
  const { messages, refused } = map(order, { events: order.events }, context);
  if (refused !== undefined) return { messages, events: [], refused };
  const large = messages.some(({ value }) => value.length > mostBytes / 3 && Buffer.byteLength(value) > mostBytes);
  if (large) return refuse(order, `makes an event of more than ${mostBytes} bytes`, context);
  return { messages, events: order.events, refused };
}

function refuse(order: ReadOrder, fault: string, context: TakeContext): TakenOrder {
  return { ...map(order, { fault }, context), events: [] };
}

function map(
  { line, raw }: ReadOrder,
  outcome: { events: MappedEvent[] } | { fault: string },
  { source, topics, fileName, header, receivedAt }: TakeContext,
): Omit<TakenOrder, "events"> {
  const element = {
    ...outcome,
    // Made only where it is kept: most orders are taken.
    get raw() {
      return Buffer.from(header === undefined ? raw : `${header}\n${raw}`).subarray(0, mostBytes);
    },
  };
  // Rows can't be read by the connector of a live source that the file's orders go to.
  const stamped = { ...source, connector: fileConnector };
  const { messages, refused } = toMessages([element], { source: stamped, topics, kind: "order", receivedAt });
  const [reason] = Object.keys(refused);
  const headers = messages[0]?.headers;
  if (reason === undefined || headers === undefined) return { messages, refused: undefined };
  const detail = headers[refusedHeaders.detail] ?? "";
  headers[refusedHeaders.detail] = `${detail.slice(0, 1_800)} (line ${line} of ${fileName})`;
  return { messages, refused: { reason, detail } };
}
