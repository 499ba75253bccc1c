import { nobody } from "@keypulse/identity";
import type { Calendar, CallEvent, Invoice, MailEvent, SurveyAnswer } from "@keypulse/methods";
import type { CaseContact, CaseFile, CaseOrder } from "../domain/caseFile.ts";
import { absencesOf } from "../domain/knownAbsences.ts";

/** A client's rows as ClickHouse gives them; times are epoch milliseconds, 0 or null where there is none. */
export interface CaseRows {
  events: [
    type: string,
    atMs: number,
    contact: string,
    amount: number | null,
    groups: string[],
    text: string,
    number: number | null,
  ][];
  contacts: [
    contact: string,
    activeDays: number,
    firstMs: number,
    lastMs: number,
    sumLogGapDays: number,
    reachedMs: number,
    firstKnownMs: number,
  ][];
  said: [contact: string, trait: string, value: string, place: number, atMs: number][];
  groups: [name: string, firstMs: number, lastMs: number, amount: number][];
  margins: [day: number, share: number][];
}

/** Ranges of answers; what lies outside is something else by the same name, such as a company's score of -100 to 100. */
const ranges = { nps: [0, 10], csat: [1, 5] } as const;
const mailTypes = {
  "email.bounced": "hard_bounce",
  "email.unsubscribed": "unsubscribe",
  "email.complained": "complaint",
} as const;

/** Makes a client's case file of its rows. @param labels of persons without a name */
export function caseFileOf(
  rows: CaseRows,
  labels: ReadonlyMap<string, string>,
  calendar: Calendar,
  asOfMs: number,
): CaseFile {
  const traits = traitsOfContacts(rows.said);
  const nameOf = (contact: string): string => traits.names.get(contact) ?? labels.get(contact) ?? "somebody unknown";
  const isDecisionMaker = (contact: string): boolean => traits.roles.get(contact) === "decides";

  const orders: CaseOrder[] = [];
  const mail: MailEvent[] = [];
  const calls: CallEvent[] = [];
  const complaintsMs: number[] = [];
  const answers: SurveyAnswer[] = [];
  const answer = (atMs: number, contact: string, scale: SurveyAnswer["scale"], score: number) => {
    const [least, most] = ranges[scale];
    if (!(score >= least && score <= most)) return;
    const isWhole = contact === nobody;
    answers.push({
      ...{ atMs, scale, score, contact: isWhole ? "" : nameOf(contact) },
      isDecisionMaker: !isWhole && isDecisionMaker(contact),
    });
  };
  for (const [contact, trait, value, , atMs] of rows.said) {
    if (trait === "nps" || trait === "csat") answer(atMs, contact, trait, Number(textOf(value) || Number.NaN));
  }
  const invoices: Invoice[] = [];

  for (const [type, atMs, contact, amount, groups, text, number] of rows.events) {
    if (type === "order.placed") {
      const known = amount ?? undefined;
      const isShare = number !== null && number >= 0 && known !== undefined && known > 0;
      orders.push({
        ...{ atMs, amount: known, groups: groups.filter((group) => group !== "") },
        discount: isShare ? number / (known + number) : undefined,
      });
    } else if (type.startsWith("order.")) {
      orders.push({ atMs, amount: amount === null ? undefined : -amount, groups: [], discount: undefined });
    } else if (type in mailTypes) {
      const kind = mailTypes[type as keyof typeof mailTypes];
      mail.push({ atMs, contact: nameOf(contact), isDecisionMaker: isDecisionMaker(contact), type: kind });
    } else if (type.startsWith("call.")) {
      // Whoever we tried to call was called back, answered or not.
      const isMissed = text === "inbound" && type !== "call.completed";
      calls.push({ atMs, contact: nameOf(contact), type: isMissed ? "missed" : "talked" });
    } else if (type === "invoice") {
      // Its time is that of its payment, 0 while it is not paid; its number is when it is due.
      if (amount !== null && number !== null && number > 0) {
        invoices.push({ id: text, dueMs: number, paidMs: atMs === 0 ? undefined : atMs, amount });
      }
    } else if (text === "complaint") complaintsMs.push(atMs);
    else if (number !== null) answer(atMs, contact, number < 0 ? "csat" : "nps", Math.abs(number));
  }

  const reached = rows.contacts.filter(([, , , , , reachedMs]) => reachedMs > 0);
  const contacts: CaseContact[] = [];
  for (const [contact, activeDays, firstMs, lastMs, sumLogGapDays, , firstKnownMs] of rows.contacts) {
    if (firstKnownMs === 0 || activeDays === 0) continue;
    contacts.push({
      ...{ name: nameOf(contact), isDecisionMaker: isDecisionMaker(contact) },
      activity: { activeDays, firstActiveMs: firstMs, lastActiveMs: lastMs, sumLogGapDays },
    });
  }
  const amountOfGroups = rows.groups.reduce((sum, [, , , amount]) => sum + amount, 0);
  return {
    orders: orders.sort(byTime),
    margins: rows.margins
      .map(([day, share]) => ({ atMs: calendar.dayStartMs(day), share }))
      .filter(({ atMs }) => atMs <= asOfMs)
      .sort(byTime),
    invoices,
    contacts,
    mail: [
      ...mail,
      ...(mail.length === 0
        ? []
        : reached.map(([contact, , , , , atMs]) => ({
            ...{ atMs, contact: nameOf(contact), isDecisionMaker: isDecisionMaker(contact) },
            type: "sign_of_life" as const,
          }))),
    ].sort(byTime),
    calls,
    answers: answers.sort(byTime),
    complaintsMs,
    groups: rows.groups.map(([name, firstMs, lastMs, amount]) => ({
      ...{ name, firstMs, lastMs },
      share: amountOfGroups > 0 ? amount / amountOfGroups : 0,
    })),
    saidLostDays: rows.said
      .filter(([contact, trait, value]) => contact === nobody && trait === "lost" && !["null", "false"].includes(value))
      .map(([, , , , atMs]) => calendar.dayOf(atMs)),
    absences: absencesOf(
      rows.said.flatMap(([contact, trait, value, , atMs]) =>
        contact === nobody && trait === "away" ? { value, atMs } : [],
      ),
      calendar,
    ),
  };
}

const byTime = (a: { readonly atMs: number }, b: { readonly atMs: number }): number => a.atMs - b.atMs;

/** Name and role that count now: of every source its newest word, of those the first in the workspace's order. */
function traitsOfContacts(said: CaseRows["said"]): { names: Map<string, string>; roles: Map<string, string> } {
  const names = new Map<string, string>();
  const roles = new Map<string, string>();
  const firstWord = said
    .filter(([contact, , value]) => contact !== nobody && value !== "null")
    .toSorted((a, b) => b[3] - a[3] || a[4] - b[4]);
  for (const [contact, trait, value] of firstWord) {
    const of = trait === "name" ? names : trait === "role" ? roles : undefined;
    const text = textOf(value);
    if (text !== "") of?.set(contact, text);
  }
  return { names, roles };
}

/** The text of a trait's JSON: "Ana" and 7 as they read, anything else as nothing. */
function textOf(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
  } catch {
    return "";
  }
}
