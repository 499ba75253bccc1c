import type { Dossier } from "../inputs/clientAnswers.ts";
import type { ClientOwners } from "../inputs/clientOwners.ts";
import type { ActivityRow, IdentifierRow, SaidRow } from "../inputs/clientRows.ts";
import { readText, saidNow } from "./saidNow.ts";
import { timeText } from "./timeText.ts";

type Contact = Dossier["contacts"][number];

const mostContacts = 200;
const reachingTypes = new Set(["email.delivered", "email.opened", "email.clicked", "email.replied"]);
const leavingTypes = new Set(["email.unsubscribed", "email.complained"]);

/** The people of a client as they are now: who decides first, then whom it heard from last. */
export function listContacts(
  client: string,
  owners: ClientOwners,
  rows: {
    identifiers: readonly IdentifierRow[];
    activity: readonly ActivityRow[];
    said: readonly SaidRow[];
    refusals: readonly { contact_key: string; last_at: number }[];
  },
  traitSources: readonly string[],
): Contact[] {
  const of = <T>(list: readonly T[], keyOf: (row: T) => string) =>
    Map.groupBy(list, (row) => owners.contactOf(keyOf(row)) ?? "");
  const [identifiers, acts, said, refusals] = [
    of(rows.identifiers, ({ key }) => key),
    of(rows.activity, ({ contact_key }) => contact_key),
    of(
      rows.said.filter(({ subject }) => subject === "contact"),
      ({ key }) => key,
    ),
    of(rows.refusals, ({ contact_key }) => contact_key),
  ];
  const contacts = [...owners.contactsOf(client)].map(([id, keys]) => {
    const mine = acts.get(id) ?? [];
    const lastOf = (types: ReadonlySet<string>): number =>
      Math.max(0, ...mine.filter(({ type }) => types.has(type)).map(({ last_at }) => last_at));
    const words = new Map(saidNow(said.get(id) ?? [], traitSources).map(({ trait, value }) => [trait, value]));
    const word = (trait: string): string => {
      const value = words.get(trait);
      return value === undefined ? "" : readText(value);
    };
    const values = (kind: string): string[] => [
      ...new Set((identifiers.get(id) ?? []).filter((row) => row.kind === kind).map(({ value }) => value)),
    ];
    const lastRefused = Math.max(0, ...(refusals.get(id) ?? []).map(({ last_at }) => last_at));
    const heardMs = Math.max(0, ...mine.map(({ last_active_at }) => last_active_at));
    return {
      heardMs,
      contact: {
        id,
        name: word("name"),
        role: word("role"),
        emails: values("email"),
        phones: values("phone"),
        clients: [...new Set([client, ...keys.flatMap((key) => owners.clientsOnce(key))])],
        last_heard_from: heardMs === 0 ? null : timeText(heardMs),
        reachable: lastRefused === 0 || lastOf(reachingTypes) > lastRefused,
        unsubscribed: lastOf(leavingTypes) > 0,
        active: mine.reduce((sum, { active }) => sum + active, 0),
      },
    };
  });
  const decides = ({ contact }: { contact: Contact }): number => Number(contact.role === "decides");
  return contacts
    .sort(
      (one, other) =>
        decides(other) - decides(one) || other.heardMs - one.heardMs || (one.contact.id < other.contact.id ? -1 : 1),
    )
    .slice(0, mostContacts)
    .map(({ contact }) => contact);
}
