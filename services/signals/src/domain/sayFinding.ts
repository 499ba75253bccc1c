import type { Cause, Evidence, FindingOfSignal, Signal } from "@keypulse/contracts";
import { date, type Finding, rarity } from "@keypulse/methods";
import type { Watched } from "./watched.ts";

/** Methods tell causes more finely than people are told of them. */
const joinedCauses = { fewer_orders: "less_activity", rising_discount: "falling_margin" } as const;

/** What a finding is about, as people are told: findings of one client and cause are one alert. */
export function causeOf({ cause }: Pick<Finding, "cause">): Cause {
  return cause in joinedCauses
    ? joinedCauses[cause as keyof typeof joinedCauses]
    : (cause as Exclude<Finding["cause"], keyof typeof joinedCauses>);
}

/** What usually helps. */
export function adviceOn(_cause: Cause, _direction: Signal["direction"]): string {
  return "";
}

/** @param knownSince when the finding came into an episode that is open */
export function findingOfSignal(
  { detector, channel, finding, crossedAtMs, moneyAtStake, likelihood }: Watched & { finding: Finding },
  knownSince: string | undefined,
): FindingOfSignal {
  return {
    detector,
    channel,
    crossed_at: knownSince ?? new Date(crossedAtMs!).toISOString(),
    headline: finding.headline ?? finding.cause,
    reason: finding.text,
    evidence: evidenceOf(finding),
    money_at_stake: moneyAtStake,
    likelihood: likelihood ?? null,
  };
}

/** Four digits are more than anybody knows; more only tell versions of one finding apart. */
const rounded = (value: number): number => Number(value.toPrecision(4));

function evidenceOf(finding: Finding): Evidence {
  const { window, tailProbability, falseAlarmsPerClientYear, model } = finding;
  return {
    expected: rounded(finding.expected),
    observed: rounded(finding.observed),
    unit: finding.unit,
    window: `${date(window.fromMs)} to ${date(window.toMs)}`,
    from: new Date(window.fromMs).toISOString(),
    to: new Date(window.toMs).toISOString(),
    unusual: unusualOf(finding),
    tail_probability: tailProbability ?? null,
    false_alarms_a_year: falseAlarmsPerClientYear ?? null,
    concerns: [...finding.parts],
    model: model.name,
    model_version: model.version,
    values: { ...finding.values },
  };
}

function unusualOf({ tailProbability, falseAlarmsPerClientYear }: Finding): string {
  if (falseAlarmsPerClientYear === undefined) return "a fact, not an estimate";
  if (tailProbability === undefined) {
    return `above a line that gives ${falseAlarmsPerClientYear} false alarms a client-year`;
  }
  return `by chance ${rarity(falseAlarmsPerClientYear)}`;
}
