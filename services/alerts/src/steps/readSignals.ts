import { type Signal, signalSchema } from "@keypulse/contracts";
import type { z } from "zod";

export interface RawSignal {
  partition: number;
  offset: string;
  value: Buffer | null;
}

export interface UnusableSignal {
  partition: number;
  offset: string;
  /** Which field and which rule, never a value. */
  reason: string;
}

export interface ReadSignals {
  signals: Signal[];
  unusable: UnusableSignal[];
}

/** An alert grown from it must fit into a message of its topic. */
const mostBytes = 1024 * 1024;
/** What the warehouse's columns can hold: Decimal(18, 2), and DateTime64(3) with room to compute. */
const mostMoney = 1e13;
const earliest = Date.UTC(1970, 0, 1);
const latest = Date.UTC(2200, 0, 1);

/** Decodes and checks messages. What can't be used is told apart and never stops the rest. */
export function readSignals(messages: readonly RawSignal[]): ReadSignals {
  const read: ReadSignals = { signals: [], unusable: [] };
  for (const { partition, offset, value } of messages) {
    const result = readSignal(value);
    if (typeof result === "string") read.unusable.push({ partition, offset, reason: result });
    else read.signals.push(result);
  }
  return read;
}

function readSignal(value: Buffer | null): Signal | string {
  if (value === null || value.length === 0) return "is empty";
  if (value.length > mostBytes) return "is larger than 1 MB";
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString("utf8"));
  } catch {
    return "is not JSON";
  }
  const result = signalSchema.safeParse(parsed);
  if (!result.success) return describe(result.error.issues[0]);
  const signal = result.data;
  if (signal.money_at_stake > mostMoney) return "money_at_stake: is out of range";
  for (const field of ["crossed_at", "detected_at"] as const) {
    const at = Date.parse(signal[field]);
    if (!(at >= earliest && at < latest)) return `${field}: is out of range`;
  }
  return normalise(signal);
}

/** One form for each value, that of the warehouse, so that what comes back from it compares equal. */
function normalise(signal: Signal): Signal {
  return {
    ...signal,
    id: signal.id.toLowerCase(),
    client_id: signal.client_id.toLowerCase(),
    client_name: signal.client_name.toWellFormed(),
    crossed_at: new Date(signal.crossed_at).toISOString(),
    detected_at: new Date(signal.detected_at).toISOString(),
    reason: signal.reason.toWellFormed(),
    money_at_stake: Math.round(signal.money_at_stake * 100) / 100,
    currency: signal.currency.toWellFormed(),
  };
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  return issue ? `${issue.path.join(".") || "message"}: ${issue.code}` : "is no signal";
}
