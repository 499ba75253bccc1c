import { setImmediate as breathe } from "node:timers/promises";
import { createWallClock, startOfDay } from "./calendar.ts";
import { companionsOf } from "./companions.ts";
import { type DemoMessage, dated, type UndatedMessage, undatedMessage } from "./event.ts";
import { lastDayOfFile, orderEvent, readOnlineRetail } from "./onlineRetail.ts";
import { type ClientRhythm, RhythmBook } from "./rhythm.ts";

/** The demonstration's history on the file's days: real orders, made-up companions. Always the same. */
export interface History {
  /** In the order of their time. */
  readonly messages: readonly UndatedMessage[];
  readonly clients: readonly ClientRhythm[];
}

/** @param onProgress is told the share of the file that was read, 0 to 1 */
export async function readHistory(onProgress?: (fraction: number) => void): Promise<History> {
  const messages: UndatedMessage[] = [];
  const rhythms = new RhythmBook();
  for await (const invoice of readOnlineRetail(onProgress)) {
    rhythms.add(invoice);
    messages.push(undatedMessage(orderEvent(invoice)));
  }
  const clients = rhythms.clients();
  for (const [index, client] of clients.entries()) {
    for (const event of companionsOf(client)) messages.push(undatedMessage(event));
    // Whoever waits for a signal or draws a progress bar gets a turn.
    if (index % 200 === 0) await breathe();
  }
  messages.sort((a, b) => a.wallMs - b.wallMs);
  return { messages, clients };
}

/** The clients alone, for the live stream. */
export async function readRhythms(): Promise<readonly ClientRhythm[]> {
  const rhythms = new RhythmBook();
  for await (const invoice of readOnlineRetail()) rhythms.add(invoice);
  return rhythms.clients();
}

export interface HistoryDays {
  /** The day that the file's last day becomes, as 2026-01-31. */
  readonly lastDay: string;
  /** Whose clocks the file's times are taken for: what happened on a day stays on that day. */
  readonly timeZone: string;
}

/** Moves the history by whole days. Ids stay as they are. */
export function* dateHistory({ messages }: History, { lastDay, timeZone }: HistoryDays): Generator<DemoMessage> {
  const instantOf = createWallClock(timeZone);
  const shiftMs = startOfDay(lastDay) - startOfDay(lastDayOfFile);
  for (const message of messages) yield dated(message, instantOf(message.wallMs + shiftMs));
}
