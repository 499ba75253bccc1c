import {
  detectComplaints,
  detectContactSilence,
  detectDetractor,
  detectMailTrouble,
  detectMissedCalls,
  detectNewThings,
  detectSatisfactionDrop,
  silenceDeadline,
} from "@keypulse/methods";
import type { CaseContact } from "./caseFile.ts";
import { type CaseFrame, quiet, raised, watchBudgeted } from "./caseFrame.ts";
import type { Watched } from "./watched.ts";

const dayMs = 86_400_000;
/** Calls that nobody returned in so long are past mending; so is a silence of a year. */
const daysOfMissedCalls = 30;
const daysOfSilence = 365;

export interface WatchedPeople {
  readonly watched: Watched[];
  /** When silence of a decision maker, or calls not returned, will be raised if nothing happens. */
  readonly deadlinesMs: readonly number[];
}

/** Contacts, mail, calls, answers and complaints. */
export function watchPeople(frame: CaseFrame): WatchedPeople {
  const { file, asOfMs, yearRevenue, firstActiveMs } = frame;
  const calls = watchCalls(frame);
  const silence = watchDecisionMakers(frame);
  const firsts = file.contacts.map(({ name, activity }) => ({ name, firstMs: activity!.firstActiveMs }));
  const detractor = detectDetractor(file.answers, asOfMs);
  return {
    watched: [
      silence.watched,
      watchMail(frame),
      calls.watched,
      detractor === null
        ? quiet("detractor", "surveys", file.answers.length > 0)
        : raised("detractor", "surveys", {
            ...{ finding: detractor, crossedAtMs: detractor.window.fromMs, moneyAtStake: yearRevenue },
          }),
      watchBudgeted(
        frame,
        "satisfaction_drop",
        "surveys",
        file.answers.length > 0,
        (budget, atMs) => detectSatisfactionDrop(file.answers, budget, atMs),
        () => yearRevenue,
      ),
      watchBudgeted(
        frame,
        "complaints",
        "all",
        file.complaintsMs.length > 0 && firstActiveMs !== undefined,
        (budget, atMs) => detectComplaints(file.complaintsMs, firstActiveMs!, budget, atMs),
        () => yearRevenue,
      ),
      watchBudgeted(
        frame,
        "new_contacts",
        "all",
        firsts.length > 1 && firstActiveMs !== undefined,
        (budget, atMs) => detectNewThings("contact", firsts, firstActiveMs!, budget, atMs),
        () => 0,
      ),
    ],
    deadlinesMs: [...calls.deadlinesMs, ...silence.deadlinesMs],
  };
}

/** Who decides and is silent while others at the client are not; where all are, that is the silence of the client. */
function watchDecisionMakers(frame: CaseFrame): { watched: Watched; deadlinesMs: number[] } {
  const { file, panel, budget, settings, asOfMs, yearRevenue, lastActiveMs = 0 } = frame;
  const silence = { falseAlarmsPerClientYear: budget.contact_silence, minRepeats: settings.minRepeats };
  const { outages, heldBy } = frame.allSources;
  const deciding = file.contacts.flatMap((contact) => {
    if (!contact.isDecisionMaker || contact.activity === undefined) return [];
    const deadlineMs = silenceDeadline(contact.activity, panel.contactPrior, silence, outages);
    return deadlineMs === undefined ? [] : [{ contact, deadlineMs, lastMs: contact.activity.lastActiveMs }];
  });
  const silent = deciding.filter(
    ({ deadlineMs, lastMs }) =>
      deadlineMs <= asOfMs &&
      deadlineMs > asOfMs - daysOfSilence * dayMs &&
      lastActiveMs > lastMs + (deadlineMs - lastMs) / 2,
  );
  const people: CaseContact[] = silent.map(({ contact }) => contact);
  const finding = detectContactSilence(people, panel.contactPrior, silence, asOfMs, outages);
  return {
    watched:
      finding === null
        ? quiet("contact_silence", "decision_makers", deciding.length > 0)
        : raised("contact_silence", "decision_makers", {
            finding,
            crossedAtMs: Math.min(...silent.map(({ deadlineMs }) => deadlineMs)),
            moneyAtStake: yearRevenue,
            heldBy,
          }),
    deadlinesMs: deciding.flatMap(({ deadlineMs }) => (deadlineMs > asOfMs ? deadlineMs : [])),
  };
}

/** A fact. Where no decision maker is concerned, only a part of the revenue hangs on whoever is. */
function watchMail({ file, asOfMs, yearRevenue }: CaseFrame): Watched {
  const finding = detectMailTrouble(file.mail, asOfMs);
  if (finding === null) return quiet("contact_mail", "email", file.mail.length > 0);
  const isGrave = (finding.values.decision_makers ?? 0) > 0;
  const people = Math.max(1, file.contacts.length);
  return raised("contact_mail", "email", {
    finding,
    crossedAtMs: finding.window.fromMs,
    moneyAtStake: isGrave ? yearRevenue : (yearRevenue * Math.min(people, finding.parts.length)) / people,
  });
}

/** A fact, with the time at which it becomes one: two calls after a day, one after three. */
function watchCalls(frame: CaseFrame): { watched: Watched; deadlinesMs: number[] } {
  const { file, asOfMs, yearRevenue } = frame;
  const calls = file.calls
    .filter(({ type, atMs }) => type === "talked" || atMs > asOfMs - daysOfMissedCalls * dayMs)
    .toSorted((a, b) => a.atMs - b.atMs);
  const talkedMs = calls.findLast(({ type, atMs }) => type === "talked" && atMs <= asOfMs)?.atMs ?? 0;
  const [first, second] = calls.filter(({ type, atMs }) => type === "missed" && atMs > talkedMs && atMs <= asOfMs);
  const finding = detectMissedCalls(calls, asOfMs);
  if (first === undefined) return { watched: quiet("missed_calls", "call", calls.length > 0), deadlinesMs: [] };
  const raisedMs = Math.min(
    first.atMs + 3 * dayMs,
    second === undefined ? Number.POSITIVE_INFINITY : Math.max(first.atMs + dayMs, second.atMs),
  );
  if (finding === null) return { watched: quiet("missed_calls", "call", true), deadlinesMs: [raisedMs] };
  const told = { finding, crossedAtMs: raisedMs, moneyAtStake: yearRevenue, heldBy: frame.allSources.heldBy };
  return { watched: raised("missed_calls", "call", told), deadlinesMs: [] };
}
