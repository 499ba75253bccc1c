import { businessProperties } from "@keypulse/contracts";

/**
 * How one table holds what belongs to a person or a client. Conditions are SQL with `{keys}`, `{names}`, `{mentions}` and
 * `{clients}` to fill.
 */
export interface PersonalTable {
  table: string;
  /** Rows that go. */
  erase: string;
  /** Rows that stay without the person: another client's business, with what is left of them. */
  change?: { where: string; set: string };
}

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";
/** Properties without what could name anybody: what an order came to stays as it was. */
const withoutPerson = `arrayStringConcat(arrayMap(pair -> concat('"', pair.1, '":', pair.2),
  arrayFilter(pair -> has([${businessProperties.map((name) => `'${name}'`).join(", ")}], pair.1), JSONExtractKeysAndValuesRaw(properties))), ',')`;
const businessLeft = `if(${withoutPerson} = '', '', concat('{', ${withoutPerson}, '}'))`;
/** Whether an entry of the map `identifiers` is one of the names: kind and value, for another kind may have that value. */
const isNamed = "has({names}, concat(kind, ':', value))";

/** Ids shorter than this stand in bytes by chance (as a quantity, say) and say nothing of a person by themselves. */
const shortestId = 5;

/**
 * Rejected bytes are the sender's own: an id counts where it stands by itself, and a phone number, which may be written in
 * any way, by its last nine digits.
 */
const bytesName = `(
  arrayExists(name -> name NOT LIKE 'phone:%' AND lengthUTF8(substring(name, position(name, ':') + 1)) >= ${shortestId}
    AND match(concat(base64Decode(bytes), ' ', base64Decode(key)), concat('(?i)(^|[^0-9A-Za-z])',
      regexpQuoteMeta(substring(name, position(name, ':') + 1)), '($|[^0-9A-Za-z])')), {names})
  OR arrayExists(name -> name LIKE 'phone:%' AND position(replaceRegexpAll(base64Decode(bytes), '[^0-9]', ''),
    right(name, 9)) > 0, {names}))`;

/** What stands for a person in a text about a company. */
export const erasedPerson = "a person who was erased";

/** A word of `{mentions}` where it stands by itself, in any case. */
const wordPattern = "concat('(?i)(^|[^\\\\pL\\\\pN])', regexpQuoteMeta(word), '($|[^\\\\pL\\\\pN])')";

/** Texts about a company, written for people, that call the person by name, address or number. */
function changeOfTexts(subject: string, columns: readonly string[]): { where: string; set: string } {
  const all = columns.join(", ' ', ");
  return {
    where: `${subject} NOT IN {keys} AND has({clients}, ${subject})
      AND arrayExists(word -> match(concat(${all}, ''), ${wordPattern}), {mentions})`,
    set: columns
      .map(
        (column) => `${column} = arrayFold((said, word) ->
          replaceRegexpAll(said, ${wordPattern}, '\\\\1${erasedPerson}\\\\2'), {mentions}, ${column})`,
      )
      .join(", "),
  };
}
const textsOfAlerts = changeOfTexts("client_id", ["client_name", "headline", "reason", "evidence", "findings"]);

/** Alerts whose text still calls an erased person by name. */
export const alertsThatMention = textsOfAlerts.where;

/**
 * Every table that holds personal data, in the order in which it is erased: what is found through another table goes
 * first. A test holds this list against the database, so that a new table can't be forgotten.
 */
export const personalTables: readonly PersonalTable[] = [
  {
    table: "events",
    erase: "client_key IN {keys}",
    change: {
      where: `client_key NOT IN {keys} AND (contact_key IN {keys} OR arrayExists((kind, value) -> ${isNamed}, mapKeys(identifiers), mapValues(identifiers)))`,
      set: `contact_key = if(contact_key IN {keys}, ${nobody}, contact_key),
        properties = if(contact_key IN {keys}, ${businessLeft}, properties), traits = if(contact_key IN {keys}, '', traits),
        url = if(contact_key IN {keys}, '', url), message_id = if(contact_key IN {keys}, '', message_id),
        identifiers = mapFilter((kind, value) -> NOT ${isNamed}, identifiers)`,
    },
  },
  { table: "activity_daily", erase: "client_key IN {keys} OR contact_key IN {keys}" },
  { table: "revenue_daily", erase: "client_key IN {keys}" },
  {
    table: "order_messages",
    erase: "client_key IN {keys}",
    change: {
      where: "client_key NOT IN {keys} AND contact_key IN {keys}",
      set: `contact_key = ${nobody}, properties = ${businessLeft}`,
    },
  },
  {
    table: "order_payers",
    erase: `(source, order_id) IN (SELECT source, order_id FROM order_documents WHERE client_key IN {keys})`,
  },
  {
    table: "order_documents",
    erase: "client_key IN {keys}",
    change: { where: "client_key NOT IN {keys} AND contact_key IN {keys}", set: `contact_key = ${nobody}` },
  },
  {
    table: "client_orders",
    erase: "client_key IN {keys}",
    change: { where: "client_key NOT IN {keys} AND contact_key IN {keys}", set: `contact_key = ${nobody}` },
  },
  { table: "client_totals", erase: "client_key IN {keys}" },
  { table: "client_traits", erase: "subject_key IN {keys}" },
  {
    table: "written_fields",
    erase: "subject_key IN {keys}",
    change: changeOfTexts("subject_key", ["value"]),
  },
  { table: "deliveries", erase: "alert_id IN (SELECT id FROM alerts WHERE client_id IN {keys})" },
  { table: "alert_outcomes_log", erase: "client_id IN {keys}", change: changeOfTexts("client_id", ["note"]) },
  { table: "alerts", erase: "client_id IN {keys}", change: textsOfAlerts },
  { table: "client_forecasts_log", erase: "client_id IN {keys}" },
  { table: "signals", erase: "client_id IN {keys}", change: textsOfAlerts },
  {
    table: "findings_held_log",
    erase: "client_id IN {keys}",
    change: changeOfTexts("client_id", ["headline"]),
  },
  { table: "segment_changes", erase: "client_id IN {keys}" },
  { table: "portfolio_history_log", erase: "client_id IN {keys}" },
  { table: "identity_links", erase: "left_key IN {keys} OR right_key IN {keys}" },
  { table: "identity_keys", erase: "key IN {keys}" },
  { table: "identity_clients", erase: "key IN {keys} OR client_id IN {keys}" },
  { table: "identity_members", erase: "key IN {keys} OR client_key IN {keys}" },
  { table: "identity_conflicts", erase: "left_key IN {keys} OR right_key IN {keys}" },
  {
    table: "identity_decisions_log",
    erase: "has({names}, concat(left_kind, ':', left_value)) OR has({names}, concat(right_kind, ':', right_value))",
  },
  { table: "identifiers", erase: "key IN {keys}" },
  {
    table: "rejected_events",
    erase: "0",
    change: { where: `bytes != '' AND ${bytesName}`, set: "bytes = '', key = '', headers = '{}', detail = 'erased'" },
  },
];

/** Whom a condition is about. */
export interface NamedSubject {
  /** SQL of a list or subquery of leaf keys. */
  keys: string;
  /** Identifiers as kind:value. */
  names: readonly string[];
  /** What a person is called in texts: names, addresses, numbers. */
  mentions?: readonly string[];
  /** Clients whose texts may call the person so: those that it belongs to, or once did. */
  clients?: readonly string[];
}

/** A condition with whom it is about put in. */
export function fillSubject(condition: string, { keys, names, mentions = [], clients = [] }: NamedSubject): string {
  const list = (texts: readonly string[], type: string): string => `[${texts.map(quote).join(", ")}]::Array(${type})`;
  const filled: Readonly<Record<string, string>> = {
    keys: `(${keys})`,
    names: list(names, "String"),
    mentions: list(mentions, "String"),
    clients: list(clients, "UUID"),
  };
  // In one pass: a person may be called {clients}.
  return condition.replaceAll(/\{(\w+)\}/g, (whole, name: string) => filled[name] ?? whole);
}

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
