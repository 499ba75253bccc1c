import type { Evidence } from "@keypulse/contracts";

/** True where two findings show the same numbers; the order in which they are listed says nothing. */
export function sameEvidence(one: Evidence, other: Evidence): boolean {
  return canonical(one) === canonical(other);
}

function canonical(evidence: Evidence): string {
  return JSON.stringify(evidence, (_key, value: unknown) =>
    value !== null && typeof value === "object"
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}
