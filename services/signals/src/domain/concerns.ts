import type { CaseContact, CaseFile, CaseGroup } from "./caseFile.ts";
import type { Watched } from "./watched.ts";

const dayMs = 86_400_000;
const most = 5;
const mostContacts = 3;
/** Silent or no longer bought: so many times as long as usual, and for four weeks at least. */
const timesUsual = 3;
const leastMs = 28 * dayMs;

/**
 * A finding of less activity with the contacts who fell silent and the product groups no longer bought: what the account
 * manager would look up next. Most important first: who decides, who was heard from most, what made most of the revenue.
 */
export function withConcerns(watched: Watched, file: CaseFile, asOfMs: number): Watched {
  const { finding } = watched;
  if (finding?.cause !== "less_activity" || finding.parts.length > 0) return watched;
  const contacts = file.contacts
    .filter((contact) => fellSilent(contact, asOfMs))
    .sort((a, b) => Number(b.isDecisionMaker) - Number(a.isDecisionMaker) || days(b) - days(a))
    .map(({ name }) => name);
  const groups = file.groups
    .filter((group) => isGone(group, file, asOfMs))
    .sort((a, b) => b.share - a.share)
    .map(({ name }) => name);
  const parts = [...contacts.slice(0, mostContacts), ...groups].slice(0, most);
  return parts.length === 0 ? watched : { ...watched, finding: { ...finding, parts } };
}

const days = ({ activity }: CaseContact): number => activity?.activeDays ?? 0;

function fellSilent({ activity }: CaseContact, asOfMs: number): boolean {
  if (activity === undefined || activity.activeDays < 3) return false;
  const usualMs = (activity.lastActiveMs - activity.firstActiveMs) / (activity.activeDays - 1);
  return asOfMs - activity.lastActiveMs > Math.max(leastMs, timesUsual * usualMs);
}

/** By the client's own orders with the group, of the last years. */
function isGone({ name, lastMs }: CaseGroup, { orders }: CaseFile, asOfMs: number): boolean {
  const own = orders.filter(({ groups }) => groups.includes(name));
  if (own.length < 3) return false;
  const usualMs = (own.at(-1)!.atMs - own[0]!.atMs) / (own.length - 1);
  return asOfMs - lastMs > Math.max(leastMs, timesUsual * usualMs);
}
