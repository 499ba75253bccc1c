import type { IdentifierRow, SaidRow } from "../inputs/clientRows.ts";
import { readText, type Said, saidNow } from "./saidNow.ts";

/** Kinds of identifiers, the one that names a client best first. */
const strongest = ["account_id", "crm_id", "domain", "user_id", "email", "phone", "anonymous_id"];

export interface ClientName {
  /** Its own; else that of the only person known by name; else its strongest identifier. */
  name: string;
  account_id: string;
  /** What counts now of the client itself. */
  said: Said[];
}

/**
 * What a client is called, from its own rows. The views client_said and client_labels say the same of all.
 * @param contactOf the person that a key belongs to
 * @param traitSources the strongest first
 */
export function nameClient(
  { identifiers, said: words }: { identifiers: readonly IdentifierRow[]; said: readonly SaidRow[] },
  contactOf: (key: string) => string | undefined,
  traitSources: readonly string[],
): ClientName {
  const said = saidNow(
    words.filter(({ subject }) => subject === "client"),
    traitSources,
  );
  const ownName = said.find(({ trait }) => trait === "name");
  const label = identifiers.toSorted(
    (one, other) => strongest.indexOf(one.kind) - strongest.indexOf(other.kind) || (one.value < other.value ? -1 : 1),
  )[0];
  return {
    name:
      (ownName !== undefined && readText(ownName.value)) ||
      onlyPerson(words, contactOf, traitSources) ||
      label?.value ||
      "",
    account_id: label?.kind === "account_id" ? label.value : "",
    said,
  };
}

/** The name of the only person that is known by name: a person on their own is called so. */
function onlyPerson(
  words: readonly SaidRow[],
  contactOf: (key: string) => string | undefined,
  traitSources: readonly string[],
): string {
  const ofPeople = words.filter(({ subject, trait }) => subject === "contact" && trait === "name");
  const names = [...Map.groupBy(ofPeople, ({ key }) => contactOf(key) ?? key).values()]
    .flatMap((said) => saidNow(said, traitSources))
    .map(({ value }) => readText(value))
    .filter((name) => name !== "");
  return new Set(names).size === 1 ? names[0]! : "";
}
