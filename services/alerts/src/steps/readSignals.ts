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

const isInRange = (time: string): boolean => Date.parse(time) >= earliest && Date.parse(time) < latest;

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
    if (!isInRange(signal[field])) return `${field}: is out of range`;
  }
  if (!signal.findings.every((finding) => isInRange(finding.crossed_at))) return "findings.crossed_at: is out of range";
  return normalise(signal);
}

/** One form for each value, that of the warehouse, so that what comes back from it compares equal. */
function normalise(signal: Signal): Signal {
  return {
    ...wellFormed(signal),
    id: signal.id.toLowerCase(),
    client_id: signal.client_id.toLowerCase(),
    crossed_at: isoTime(signal.crossed_at),
    detected_at: isoTime(signal.detected_at),
    money_at_stake: cents(signal.money_at_stake),
    findings: signal.findings.map((finding) => ({
      ...wellFormed(finding),
      crossed_at: isoTime(finding.crossed_at),
      money_at_stake: cents(finding.money_at_stake),
    })),
  };
}

const isoTime = (text: string): string => new Date(text).toISOString();
const cents = (amount: number): number => Math.round(amount * 100) / 100;

/** The same with every text in it free of halves of characters, which UTF-8 cannot hold. */
function wellFormed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === "string" ? part.toWellFormed() : part,
  );
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  return issue ? `${issue.path.join(".") || "message"}: ${issue.code}` : "is no signal";
}
