import type { OpenInterval } from "../intervals.ts";
import { detectSilence, type SilenceHistory, type SilencePrior, type SilenceSettings } from "../silence.ts";
import { DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { counted, date, few, list, number, rarity, short } from "./say.ts";

/** A person at a client, as contact detectors look at them. */
export interface WatchedContact {
  readonly name: string;
  /** Decides, approves or holds the budget: their silence is a risk of its own. */
  readonly isDecisionMaker: boolean;
  readonly activity: SilenceHistory | undefined;
}

/** A decision maker who is silent for longer than their own rhythm explains; the one who is silent most. */
export function detectContactSilence(
  contacts: readonly WatchedContact[],
  prior: SilencePrior,
  settings: SilenceSettings,
  nowMs: number,
  absences: readonly OpenInterval[] = [],
): Finding | null {
  const silent = contacts
    .filter(({ isDecisionMaker }) => isDecisionMaker)
    .flatMap(({ name, activity }) => {
      const found = activity && detectSilence(activity, prior, settings, nowMs, absences);
      return found?.state === "silent" ? [{ name, found, lastMs: activity!.lastActiveMs }] : [];
    })
    .sort((a, b) => a.found.tailProbability - b.found.tailProbability);
  const [first] = silent;
  if (first === undefined) return null;
  const { found, name, lastMs } = first;
  const falseAlarmsPerClientYear = (found.tailProbability * DAYS_A_YEAR) / found.expectedGapDays;
  const others = silent.slice(1).map((other) => other.name);
  return {
    model: { name: "contact_silence", version: 1 },
    cause: "contact_lost",
    direction: "worse",
    expected: found.expectedGapDays,
    observed: found.effectiveGapDays,
    unit: "days between active days",
    window: { fromMs: lastMs, toMs: nowMs },
    tailProbability: found.tailProbability,
    falseAlarmsPerClientYear,
    parts: silent.map((other) => other.name),
    values: { critical_gap_days: found.criticalGapDays, repeats: found.repeats },
    headline: `no word from ${short(name)} for ${counted(Math.round(found.gapDays), "day")}`,
    text:
      `${name}, who decides, has not been heard from for ${counted(Math.round(found.gapDays), "day")} (last on ${date(lastMs)}), ` +
      `usually every ${counted(found.expectedGapDays, "day")}; by chance this happens ${rarity(falseAlarmsPerClientYear)}.` +
      (others.length > 0 ? ` Silent too: ${list(others)}.` : ""),
  };
}

/** What happened to a contact's mail. */
export interface MailEvent {
  readonly contact: string;
  readonly isDecisionMaker: boolean;
  readonly atMs: number;
  readonly type: "hard_bounce" | "unsubscribe" | "complaint" | "sign_of_life";
}

const mailTexts = {
  hard_bounce: "Mail no longer reaches",
  unsubscribe: "No more mailings wanted by",
  complaint: "Our mail was reported as spam by",
} as const;
const mailHeadlines = {
  hard_bounce: "mail bounces:",
  unsubscribe: "wants no more mail:",
  complaint: "our mail called spam by",
} as const;
const gravest = ["hard_bounce", "complaint", "unsubscribe"] as const;

/**
 * A contact whom mail no longer reaches, or who wants none: the gravest of the last `recentDays`, decision makers first.
 * A facts' detector: nothing to estimate. Whoever is heard from by mail after a bounce is reached again.
 */
export function detectMailTrouble(events: readonly MailEvent[], nowMs: number, recentDays = 30): Finding | null {
  const fromMs = nowMs - recentDays * MS_A_DAY;
  const lastSeen = new Map<string, number>();
  for (const { contact, type, atMs } of events) {
    if (type === "sign_of_life" && atMs <= nowMs) lastSeen.set(contact, Math.max(atMs, lastSeen.get(contact) ?? atMs));
  }
  const troubles = events
    .filter((event): event is MailEvent & { type: keyof typeof mailTexts } => event.type !== "sign_of_life")
    .filter(({ atMs }) => atMs > fromMs && atMs <= nowMs)
    .filter(({ type, contact, atMs }) => type !== "hard_bounce" || !((lastSeen.get(contact) ?? atMs) > atMs))
    .sort(
      (a, b) =>
        Number(b.isDecisionMaker) - Number(a.isDecisionMaker) ||
        gravest.indexOf(a.type) - gravest.indexOf(b.type) ||
        b.atMs - a.atMs,
    );
  const [first] = troubles;
  if (first === undefined) return null;
  const contacts = [...new Set(troubles.map(({ contact }) => contact))];
  const others = contacts.filter((contact) => contact !== first.contact);
  return {
    model: { name: `contact_${first.type}`, version: 1 },
    cause: "contact_lost",
    direction: "worse",
    expected: 0,
    observed: troubles.length,
    unit: `troubles with mail in ${recentDays} days`,
    window: { fromMs: first.atMs, toMs: nowMs },
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: contacts,
    values: { decision_makers: new Set(troubles.filter((t) => t.isDecisionMaker).map((t) => t.contact)).size },
    headline: `${mailHeadlines[first.type]} ${short(first.contact)}`,
    text:
      `${mailTexts[first.type]} ${first.contact}${first.isDecisionMaker ? ", who decides" : ""}, since ${date(first.atMs)}.` +
      (others.length > 0 ? ` Trouble with mail also of ${list(others)}.` : ""),
  };
}

export interface CallEvent {
  readonly atMs: number;
  readonly contact: string;
  /** missed: they called and nobody answered; talked: somebody spoke with them, whoever called. */
  readonly type: "missed" | "talked";
}

/** Calls of theirs that nobody answered or returned within a day: two or more in a row, or one that waits three days. */
export function detectMissedCalls(calls: readonly CallEvent[], nowMs: number): Finding | null {
  const known = calls.filter(({ atMs }) => atMs <= nowMs).toSorted((a, b) => a.atMs - b.atMs);
  const lastTalkMs = known.findLast(({ type }) => type === "talked")?.atMs ?? Number.NEGATIVE_INFINITY;
  const missed = known.filter(({ type, atMs }) => type === "missed" && atMs > lastTalkMs);
  const [first] = missed;
  if (first === undefined) return null;
  const waitedDays = (nowMs - first.atMs) / MS_A_DAY;
  if (!(waitedDays >= 3 || (missed.length >= 2 && waitedDays >= 1))) return null;
  const contacts = [...new Set(missed.map(({ contact }) => contact))];
  return {
    model: { name: "missed_calls", version: 1 },
    cause: "unanswered_calls",
    direction: "worse",
    expected: 0,
    observed: missed.length,
    unit: "missed calls not returned",
    window: { fromMs: first.atMs, toMs: nowMs },
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: contacts,
    values: { waited_days: waitedDays },
    headline: `${few(missed.length, "call")} of theirs not returned for ${counted(Math.floor(waitedDays), "day")}`,
    text: `${list(contacts)} called ${missed.length === 1 ? "once" : `${number(missed.length)} times`} since ${date(first.atMs)} and nobody called back in ${counted(Math.floor(waitedDays), "day")}.`,
  };
}
