import type { EventKind } from "@keypulse/contracts";
import { EventRows } from "./eventRows.ts";
import type { AcceptedEvent, RawMessage, RejectedEvent } from "./outcome.ts";

/** A range of one partition that is stored by one insert, exactly once. */
export interface OffsetRange {
  /** As positions call it: see `placeOf`. */
  topic: string;
  life: number;
  kind: EventKind;
  partition: number;
  first: number;
  last: number;
}

/** Name of a range; the deduplication token of its inserts. */
export const tokenOf = ({ topic, partition, first, last }: OffsetRange): string =>
  `${topic}:${partition}:${first}-${last}`;

export interface Batch {
  range: OffsetRange;
  messages: RawMessage[];
  /** Rows of all events that were accepted at first. */
  rows: EventRows;
  accepted: AcceptedEvent[];
  rejected: RejectedEvent[];
  duplicates: AcceptedEvent[];
}

export const newBatch = (range: OffsetRange, messages: RawMessage[]): Batch => ({
  range,
  messages,
  rows: new EventRows(),
  accepted: [],
  rejected: [],
  duplicates: [],
});

/** Day of the first message of the range, as days since 1970. */
export const batchDayOf = (batch: Batch): number => Math.floor((batch.messages[0]?.timestampMs ?? 0) / 86_400_000);

/** Day of the first message of the range: partitions the tables, so that one insert makes one part. */
export const batchDateOf = (batch: Batch): string =>
  new Date(batch.messages[0]?.timestampMs ?? 0).toISOString().slice(0, 10);
