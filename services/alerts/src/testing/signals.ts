import { randomUUID } from "node:crypto";
import type { Signal } from "@keypulse/contracts";

/** A raised signal of one client, crossed and found lately unless told otherwise. */
export function aSignal(differences: Partial<Signal> = {}): Signal {
  const detected = differences.detected_at ?? new Date().toISOString();
  return {
    id: randomUUID(),
    client_id: "11111111-1111-8111-8111-111111111111",
    client_name: "Acme",
    detector: "activity_drop",
    channel: "orders",
    state: "raised",
    crossed_at: new Date(Date.parse(detected) - 86_400_000).toISOString(),
    detected_at: detected,
    reason: "Orders fell to 3 a week from 9",
    evidence: {
      expected: 9,
      observed: 3,
      unit: "orders a week",
      window: "the last four weeks",
      unusual: "score 4.1 against 3.2",
      model: "drop/fast/1",
      values: { weeks: 4, score: 4.1 },
    },
    money_at_stake: 1_000,
    currency: "EUR",
    likelihood: 0.5,
    ...differences,
  };
}
