import { randomUUID } from "node:crypto";
import { evidenceSchema, type FindingOfSignal, type Signal } from "@keypulse/contracts";

/**
 * A raised signal of one client with one finding, crossed and found lately unless told otherwise. What is told of the
 * signal is told of its finding too.
 */
export function aSignal(differences: Partial<Signal> = {}): Signal {
  const detected = differences.detected_at ?? new Date().toISOString();
  const signal: Omit<Signal, "findings"> = {
    id: randomUUID(),
    subject: "client",
    client_id: "11111111-1111-8111-8111-111111111111",
    client_name: "Acme",
    cause: "less_activity",
    direction: "worse",
    detector: "activity_drop",
    channel: "orders",
    state: "raised",
    crossed_at: new Date(Date.parse(detected) - 86_400_000).toISOString(),
    detected_at: detected,
    headline: "67 % fewer orders",
    reason: "Orders fell to 3 a week from 9",
    advice: "Call them.",
    evidence: evidenceSchema.parse({
      expected: 9,
      observed: 3,
      unit: "orders a week",
      window: "the last four weeks",
      unusual: "score 4.1 against 3.2",
      model: "drop/fast/1",
      values: { weeks: 4, score: 4.1 },
    }),
    money_at_stake: 1_000,
    horizon_days: 365,
    currency: "EUR",
    likelihood: 0.5,
    ...differences,
  };
  return { findings: [aFinding(signal)], ...signal };
}

export function aFinding(of: Omit<Signal, "findings"> = aSignal()): FindingOfSignal {
  const { detector, channel, crossed_at, headline, reason, evidence, money_at_stake, likelihood } = of;
  return { detector, channel, crossed_at, headline, reason, evidence, money_at_stake, likelihood };
}
