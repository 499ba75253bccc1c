import { normalTail } from "../specialFunctions.ts";
import { type BudgetSettings, checkBudget, checkFinite, DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { counted, date, few, number, rarity, short } from "./say.ts";
import { moreTail } from "./tails.ts";

/** An answer to "how likely would you recommend us" (nps, 0 to 10) or "how satisfied are you" (csat, 1 to 5). */
export interface SurveyAnswer {
  readonly atMs: number;
  /** Who answered; empty where the answer is said to be that of the client as a whole. */
  readonly contact: string;
  readonly isDecisionMaker: boolean;
  readonly scale: "nps" | "csat";
  readonly score: number;
}

const scales = {
  nps: { least: 0, most: 10, detractor: 6, minSpread: 1.5, worth: 2 },
  csat: { least: 1, most: 5, detractor: 2, minSpread: 0.7, worth: 1 },
} as const;

const RECENT_DAYS = 90;
const MIN_BEFORE = 3;

/**
 * A decision maker, or the client as a whole, whose newest answer of the last 90 days is a detractor's (nps 6 or less, csat
 * 2 or less). A fact.
 */
export function detectDetractor(answers: readonly SurveyAnswer[], nowMs: number): Finding | null {
  const newest = new Map<string, SurveyAnswer>();
  for (const answer of answers) {
    checkAnswer(answer);
    if (answer.atMs > nowMs || answer.atMs <= nowMs - RECENT_DAYS * MS_A_DAY || !counts(answer)) continue;
    if (answer.atMs >= (newest.get(answer.contact)?.atMs ?? answer.atMs)) newest.set(answer.contact, answer);
  }
  const detractors = [...newest.values()]
    .filter(({ scale, score }) => score <= scales[scale].detractor)
    .sort((a, b) => a.score / scales[a.scale].most - b.score / scales[b.scale].most || b.atMs - a.atMs);
  const [first] = detractors;
  if (first === undefined) return null;
  const scale = scales[first.scale];
  const before = answers.filter((a) => a.contact === first.contact && a.scale === first.scale && a.atMs < first.atMs);
  const isWhole = first.contact === "";
  const usual = before.length > 0 ? mean(before) : undefined;
  return {
    model: { name: "detractor", version: 1 },
    cause: "dissatisfied",
    direction: "worse",
    expected: usual ?? scale.detractor + 1,
    observed: first.score,
    unit: `points of ${scale.most}`,
    window: { fromMs: first.atMs, toMs: nowMs },
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: detractors.map(({ contact }) => contact).filter((contact) => contact !== ""),
    values: { earlier_answers: before.length },
    headline: `${number(first.score)} of ${scale.most} points${isWhole ? "" : ` by ${short(first.contact)}`}`,
    text:
      `${isWhole ? "They" : `${first.contact}, who decides,`} gave ${number(first.score)} of ${scale.most} on ${date(first.atMs)}` +
      (usual === undefined ? "." : `, before ${number(usual)} on average.`),
  };
}

/** The mean answer of the last 90 days is below that of those before, by more than answers scatter. */
export function detectSatisfactionDrop(
  answers: readonly SurveyAnswer[],
  settings: BudgetSettings,
  nowMs: number,
): Finding | null {
  checkBudget(settings);
  answers.forEach(checkAnswer);
  for (const name of ["nps", "csat"] as const) {
    const known = answers.filter(({ scale, atMs }) => scale === name && atMs <= nowMs);
    const fromMs = nowMs - RECENT_DAYS * MS_A_DAY;
    const now = known.filter(({ atMs }) => atMs > fromMs);
    const before = known.filter(({ atMs }) => atMs <= fromMs);
    if (now.length === 0 || before.length < MIN_BEFORE) continue;
    const { minSpread, worth, most } = scales[name];
    const [expected, observed] = [mean(before), mean(now)];
    const squares = before.reduce((sum, { score }) => sum + (score - expected) ** 2, 0);
    const spread = Math.max(minSpread, Math.sqrt(squares / (before.length - 1)));
    const tailProbability = normalTail(
      (expected - observed) / (spread * Math.sqrt(1 / now.length + 1 / before.length)),
    );
    const falseAlarmsPerClientYear = (tailProbability * DAYS_A_YEAR) / RECENT_DAYS;
    if (expected - observed < worth || falseAlarmsPerClientYear > settings.falseAlarmsPerClientYear) continue;
    return {
      model: { name: "satisfaction_drop", version: 1 },
      cause: "dissatisfied",
      direction: "worse",
      expected,
      observed,
      unit: `points of ${most}`,
      window: { fromMs, toMs: nowMs },
      tailProbability,
      falseAlarmsPerClientYear,
      parts: [...new Set(now.toSorted((a, b) => a.score - b.score).map(({ contact }) => contact))].filter(
        (contact) => contact !== "",
      ),
      values: { answers: now.length, earlier_answers: before.length },
      headline: `satisfaction down from ${number(expected)} to ${number(observed)} of ${most}`,
      text:
        `Satisfaction fell from ${number(expected)} to ${number(observed)} of ${most} (${counted(now.length, "answer")} in the last ` +
        `${RECENT_DAYS} days); by chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
    };
  }
  return null;
}

/** More complaints in the last 90 days than their own past explains. @param times of all complaints, any order */
export function detectComplaints(
  times: readonly number[],
  sinceMs: number,
  settings: BudgetSettings,
  nowMs: number,
): Finding | null {
  checkBudget(settings);
  checkFinite({ sinceMs, nowMs });
  const fromMs = nowMs - RECENT_DAYS * MS_A_DAY;
  const now = times.filter((atMs) => atMs > fromMs && atMs <= nowMs).length;
  const before = times.filter((atMs) => atMs <= fromMs && atMs >= sinceMs).length;
  const periods = (fromMs - sinceMs) / (RECENT_DAYS * MS_A_DAY);
  if (now < 2 || periods < 1) return null;
  const tailProbability = moreTail(now, before, periods);
  const falseAlarmsPerClientYear = (tailProbability * DAYS_A_YEAR) / RECENT_DAYS;
  if (falseAlarmsPerClientYear > settings.falseAlarmsPerClientYear) return null;
  const expected = before / periods;
  return {
    model: { name: "complaints", version: 1 },
    cause: "dissatisfied",
    direction: "worse",
    expected,
    observed: now,
    unit: `complaints in ${RECENT_DAYS} days`,
    window: { fromMs, toMs: nowMs },
    tailProbability,
    falseAlarmsPerClientYear,
    parts: [],
    values: { earlier_complaints: before },
    headline: `${few(now, "complaint")} in ${RECENT_DAYS} days`,
    text: `${counted(now, "complaint")} in the last ${RECENT_DAYS} days, usually ${number(expected)}; by chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
  };
}

const counts = ({ isDecisionMaker, contact }: SurveyAnswer): boolean => isDecisionMaker || contact === "";

function checkAnswer({ scale, score, atMs }: SurveyAnswer): void {
  checkFinite({ atMs });
  const { least, most } = scales[scale];
  if (!(score >= least && score <= most))
    throw new RangeError(`${scale} must be from ${least} to ${most}, got ${score}`);
}

function mean(answers: readonly SurveyAnswer[]): number {
  return answers.reduce((sum, { score }) => sum + score, 0) / answers.length;
}
