import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Batch } from "./batch.ts";

/**
 * Which messages of a range are duplicates, decided once. It is kept with the group's position before anything is
 * stored, so that whoever stores the range again writes the same rows, whatever Redis knows by then.
 */
export interface Decision {
  /** Names the filling of the registry that it was made in; see `DuplicateRegistry.standsIn`. */
  fill: string;
  /** Offsets, ascending. */
  duplicates: readonly number[];
}

/** Kafka takes 4,096 bytes of metadata with a position; what else stands there is below 200. */
const mostTextBytes = 3_800;

/** Offsets as a text: the steps from one to the next, packed. A third of 20,000 messages at random take 3,000 bytes. */
export function packOffsets(first: number, offsets: readonly number[]): string {
  const bytes: number[] = [];
  let before = first - 1;
  for (const offset of offsets) {
    let step = offset - before;
    for (; step > 127; step = Math.floor(step / 128)) bytes.push((step % 128) + 128);
    bytes.push(step);
    before = offset;
  }
  return bytes.length === 0 ? "" : deflateRawSync(Buffer.from(bytes), { level: 9 }).toString("base64url");
}

export function unpackOffsets(first: number, text: string): number[] {
  const offsets: number[] = [];
  let before = first - 1;
  let step = 0;
  let unit = 1;
  for (const byte of text === "" ? [] : inflateRawSync(Buffer.from(text, "base64url"))) {
    step += (byte % 128) * unit;
    unit *= 128;
    if (byte > 127) continue;
    before += step;
    offsets.push(before);
    step = 0;
    unit = 1;
  }
  return offsets;
}

/** The decision that a batch's steps came to. */
export const decisionOf = (batch: Batch, fill: string): Decision => ({
  fill,
  duplicates: batch.duplicates.map(({ message }) => message.offset),
});

/** Moves events from accepted to duplicates and back, as it was decided. */
export function applyDecision(batch: Batch, { duplicates }: Decision): void {
  const decided = new Set(duplicates);
  const events = [...batch.accepted, ...batch.duplicates].sort((a, b) => a.message.offset - b.message.offset);
  batch.accepted = events.filter(({ message }) => !decided.has(message.offset));
  batch.duplicates = events.filter(({ message }) => decided.has(message.offset));
}

/** Ends the batch before the first duplicate whose offset has no room in a position's metadata; the rest comes next. */
export function cutToFit(batch: Batch): void {
  const { first } = batch.range;
  const offsets = batch.duplicates.map(({ message }) => message.offset);
  const fits = (count: number) => packOffsets(first, offsets.slice(0, count)).length <= mostTextBytes;
  if (fits(offsets.length)) return;
  let fitting = 0;
  for (let over = offsets.length; over - fitting > 1; ) {
    const middle = (fitting + over) >> 1;
    if (fits(middle)) fitting = middle;
    else over = middle;
  }
  const last = offsets[fitting]! - 1;
  const within = <T extends { message: { offset: number } }>(rows: T[]) =>
    rows.filter(({ message }) => message.offset <= last);
  batch.range = { ...batch.range, last };
  batch.messages = batch.messages.filter(({ offset }) => offset <= last);
  batch.accepted = within(batch.accepted);
  batch.rejected = within(batch.rejected);
  batch.duplicates = within(batch.duplicates);
}
