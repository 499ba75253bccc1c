import type { SaidRow } from "../inputs/clientRows.ts";

/** What counts now of a trait, and who says so. */
export interface Said {
  trait: string;
  value: string;
  source: string;
  who: string;
  since: number;
}

/** Names that tools give to the same trait of a client. */
const clientTraits = new Map<string, string>(
  Object.entries({
    employees: "size",
    company_size: "size",
    parent_account_id: "parent",
    owner_email: "owner",
    account_owner: "owner",
  }),
);

/** A source takes back what it said by saying null: then the next one's word counts. */
const takenBack = "null";

/**
 * Of each trait what the strongest source said last; of sources that are in no list the newest word counts. One subject's
 * rows, under whatever keys. The view client_traits_now says the same of all.
 * @param sources the strongest first
 */
export function saidNow(rows: readonly SaidRow[], sources: readonly string[]): Said[] {
  const last = new Map<string, Said>();
  for (const { subject, source, value, who, since, ...row } of rows) {
    const trait = subject === "client" ? (clientTraits.get(row.trait) ?? row.trait) : row.trait;
    const said = last.get(`${trait}\n${source}`);
    if (said === undefined || since > said.since) {
      last.set(`${trait}\n${source}`, { trait, value, source, who, since });
    }
  }
  const place = (source: string): number => {
    const index = sources.indexOf(source);
    return index < 0 ? sources.length : index;
  };
  const isStronger = (one: Said, other: Said): boolean => {
    const places = place(one.source) - place(other.source);
    return places < 0 || (places === 0 && one.since > other.since);
  };
  const now = new Map<string, Said>();
  for (const said of last.values()) {
    if (said.value === takenBack) continue;
    const other = now.get(said.trait);
    if (other === undefined || isStronger(said, other)) now.set(said.trait, said);
  }
  return [...now.values()].sort((one, other) => (one.trait < other.trait ? -1 : 1));
}

/** A word as people read it: text without its quotes. */
export function readWord(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

export const readText = (json: string): string => {
  const word = readWord(json);
  return typeof word === "string" ? word : json;
};
