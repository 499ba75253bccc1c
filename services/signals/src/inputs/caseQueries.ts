import { nobody } from "@keypulse/identity";
import type { CaseScope } from "./caseScope.ts";

/** What is asked about two years and a quarter, as of half a year ago. */
const daysBack = 1_010;
/** What is done to somebody by mail, and calls, count for a month and are asked about as of half a year ago. */
const daysOfEvents = 220;
const dayMs = 86_400_000;

/** Of whom, until when, and how the workspace counts. */
export interface CaseQuestion {
  readonly scope: CaseScope;
  readonly asOfMs: number;
  readonly timezone: string;
  readonly currency: string;
}

/** Refused for now is no refusal: what providers call it when they try again. */
const softBounces = "'softbounce', 'soft', 'transient', 'temporary', 'undetermined', 'blocked'";
const owner = `multiIf(v.client_id != '${nobody}', v.client_id, m.client_id != '${nobody}', m.client_id, a.client_key)`;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const timeOf = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${Math.floor(ms)}), 'UTC')`;

/** Rows `a` (with client_key and day) with the client that they belong to now; and the person, where there is `contact_key`. */
function owned(rows: string, { map, moves, clients }: CaseScope, withContact: boolean): string {
  const contact = withContact ? `if(p.contact_id = '${nobody}', a.contact_key, p.contact_id) AS contact_id, ` : "";
  return `SELECT * FROM (
    SELECT ${owner} AS client_id, ${contact}a.* FROM (${rows}) AS a
    LEFT JOIN ${map} AS m ON m.key = a.client_key
    ${withContact ? `LEFT JOIN ${map} AS p ON p.key = a.contact_key` : ""}
    ASOF LEFT JOIN ${moves} AS v ON v.key = a.client_key AND v.since <= a.day
  ) WHERE ${clients}`;
}

/** Orders, invoices, refused mail, calls, answers and complaints, a list a client. Rows: CaseRows.events. */
export function eventsQuery({ scope, asOfMs, timezone, currency }: CaseQuestion, hasRates: boolean): string {
  const asOf = timeOf(asOfMs);
  const since = (days: number) => timeOf(asOfMs - days * dayMs);
  const ms = (time: string) => `toFloat64(toUnixTimestamp64Milli(${time}))`;
  const isIn = (time: string) => `${time} > ${since(daysBack)} AND ${time} <= ${asOf}`;
  // Orders and bills are what all that was said of them comes to, by the days on which money moved.
  const ofClients = `FROM client_orders AS d FINAL`;
  const owners = `client_key ${scope.stamped} AND NOT gone`;
  const rows = `
    SELECT client_key, contact_key, toDate(moved.at, '${timezone}') AS day, concat('order.', moved.kind) AS type,
      toUnixTimestamp64Milli(moved.at) AS at, toString(moved.currency) AS currency, if(moved.kind = 'placed', moved.gross, moved.returned) AS amount,
      if(moved.kind = 'placed', arraySort(arrayDistinct(arrayMap(line -> toString(line.category), arrayFilter(line -> line.kind = 'placed', lines)))), []) AS groups,
      '' AS text, if(moved.kind = 'placed', ifNull(toFloat64(discount), nan), nan) AS number
    ${ofClients} ARRAY JOIN movements AS moved
    WHERE ${owners} AND ${isIn("moved.at")}
    UNION ALL
    SELECT client_key, contact_key, toDate(coalesce(bill.issued_at, d.placed_at), '${timezone}') AS day, 'invoice' AS type,
      toUnixTimestamp64Milli(if(coalesce(bill.paid_at <= ${asOf}, false), assumeNotNull(bill.paid_at), toDateTime64(0, 3, 'UTC'))) AS at,
      toString(bill.currency) AS currency, bill.amount AS amount, [] AS groups, bill.number AS text,
      coalesce(${ms("bill.due_at")}, if(bill.overdue_at <= ${asOf}, ${ms("bill.overdue_at")}, NULL), 0) AS number
    ${ofClients} ARRAY JOIN bills AS bill
    WHERE ${owners} AND part_of = '' AND bill.kind = 'invoice' AND bill.state != 'voided' AND ${isIn("coalesce(bill.issued_at, d.placed_at)")}
    UNION ALL
    SELECT client_key, contact_key, toDate(occurred_at, '${timezone}') AS day, toString(type),
      toUnixTimestamp64Milli(occurred_at) AS at, toString(currency) AS currency, amount, [] AS groups,
      multiIf(
        type LIKE 'call.%', toString(direction),
        type = 'web.custom', lower(JSONExtractString(properties, 'name')),
        type = 'web.form_submitted', lower(JSONExtractString(properties, 'form')),
        '') AS text,
      multiIf(
        type LIKE 'web.%' AND JSONHas(properties, 'nps'), JSONExtractFloat(properties, 'nps'),
        type LIKE 'web.%' AND JSONHas(properties, 'csat'), -JSONExtractFloat(properties, 'csat'),
        nan) AS number
    FROM events
    WHERE client_key ${scope.stamped} AND (
      type IN ('call.missed', 'call.voicemail', 'call.completed', 'email.unsubscribed', 'email.complained') AND occurred_at > ${since(daysOfEvents)}
      OR type = 'email.bounced' AND occurred_at > ${since(daysOfEvents)} AND lower(JSONExtractString(properties, 'bounce_type')) NOT IN (${softBounces})
      OR type = 'web.custom' AND lower(JSONExtractString(properties, 'name')) IN ('survey', 'complaint')
      OR type = 'web.form_submitted' AND lower(JSONExtractString(properties, 'form')) IN ('survey', 'complaint')
    ) AND occurred_at <= ${asOf}`;
  const own = `multiIf(o.currency = '', 0., o.currency = '${currency}', toFloat64(o.amount), `;
  const rates = `(SELECT toString(currency) AS currency, day, rate FROM rates_here WHERE day > toDate('${dateOf(asOfMs - daysBack * dayMs)}') - 60)`;
  const ofOwners = owned(rows, scope, true);
  return `
    SELECT client_id, groupArray((type, at, toString(contact_id), amount_here, groups, text, number)) AS list FROM (
      ${
        hasRates
          ? `SELECT o.*, ${own} r.rate > 0 AND o.day - r.day <= (SELECT rate_days FROM profile_settings), round(toFloat64(o.amount) * toFloat64(r.rate), 4), nan) AS amount_here
             FROM (${ofOwners}) AS o ASOF LEFT JOIN ${rates} AS r ON r.currency = o.currency AND r.day <= o.day`
          : `SELECT o.*, ${own} nan) AS amount_here FROM (${ofOwners}) AS o`
      }
    ) GROUP BY client_id`;
}

/** Persons with how often, since when and how evenly they were active, and when mail last reached them. */
export function contactsQuery({ scope }: CaseQuestion): string {
  // Days of a key become a list before it is looked up whose they are: fewer rows are mapped.
  const rows = `
    SELECT client_key, contact_key, if(client_key IN ${scope.moved}, d.day, toDate(0)) AS day,
      groupUniqArrayIf(toInt32(toUInt16(d.day)), d.active > 0) AS days,
      minIf(toUnixTimestamp64Milli(d.first_at), d.active > 0) AS first, maxIf(toUnixTimestamp64Milli(d.last_at), d.active > 0) AS last,
      maxIf(toUnixTimestamp64Milli(d.last_at), type IN ('email.delivered', 'email.opened', 'email.clicked', 'email.replied')) AS reached,
      contact_key IN (SELECT key FROM identifiers WHERE kind != 'anonymous_id' AND key ${scope.keys}) AS known
    FROM activity_daily AS d
    WHERE client_key ${scope.stamped} AND contact_key != '${nobody}'
    GROUP BY client_key, contact_key, day`;
  return `
    SELECT client_id, groupArray((toString(contact_id), length(days), first, last,
      arraySum(gap -> log(gap), arrayPopFront(arrayDifference(days))), reached, first_known)) AS list
    FROM (
      SELECT client_id, contact_id, arraySort(groupUniqArrayArray(o.days)) AS days,
        minIf(o.first, notEmpty(o.days)) AS first, max(o.last) AS last, max(o.reached) AS reached,
        minIf(o.first, notEmpty(o.days) AND o.known) AS first_known
      FROM (${owned(rows, scope, true)}) AS o
      GROUP BY client_id, contact_id
    ) GROUP BY client_id`;
}

/**
 * Names, roles, answers and losses that were said of clients and their persons, by events or people. Absences are what
 * people wrote alone: else whoever may send events of a client could keep its alerts from being made.
 */
export function saidQuery({ scope, asOfMs, timezone }: CaseQuestion): string {
  const rows = `
    SELECT subject_key AS client_key, if(subject = 'contact', subject_key, toUUID('${nobody}')) AS contact_key, toDate(told_at, '${timezone}') AS day,
      trait, source, told_at, value
    FROM (
      SELECT subject_key, toString(subject) AS subject, toString(trait) AS trait, toString(source) AS source, occurred_at AS told_at, value
      FROM client_traits WHERE subject_key ${scope.keys} AND trait IN ('name', 'role', 'nps', 'csat', 'lost')
      UNION ALL
      SELECT subject_key, toString(subject), toString(field), 'written', since AS told_at, value
      FROM written_fields WHERE subject_key ${scope.keys} AND field IN ('name', 'role', 'nps', 'csat', 'lost', 'away')
    ) WHERE told_at <= ${timeOf(asOfMs)}`;
  return `
    SELECT client_id, groupArray((toString(contact), trait, word, place, at)) AS list FROM (
      SELECT client_id, if(o.contact_key = '${nobody}', o.contact_key, o.contact_id) AS contact, trait,
        argMax(o.value, o.told_at) AS word, if(indexOf((SELECT trait_sources FROM profile_settings), source) = 0, 1000, indexOf((SELECT trait_sources FROM profile_settings), source)) AS place,
        toUnixTimestamp64Milli(max(o.told_at)) AS at
      FROM (${owned(rows, scope, true)}) AS o
      GROUP BY client_id, contact, trait, source, if(trait IN ('name', 'role'), toDateTime64(0, 3, 'UTC'), o.told_at)
    ) GROUP BY client_id`;
}

/** Product groups: first and last ordered, and their amounts of the last two years in whatever currency. */
export function groupsQuery({ scope, asOfMs, timezone }: CaseQuestion): string {
  const asOf = timeOf(asOfMs);
  const rows = `
    SELECT client_key, toDate(occurred_at, '${timezone}') AS day, toString(category) AS name, min(occurred_at) AS first, max(occurred_at) AS last,
      sumIf(toFloat64(amount), occurred_at > ${asOf} - INTERVAL 2 YEAR) AS amount
    FROM order_lines WHERE type = 'order.placed' AND category != '' AND client_key ${scope.stamped} AND occurred_at <= ${asOf}
    GROUP BY client_key, day, name`;
  return `
    SELECT client_id, groupArray((name, first, last, amount)) AS list FROM (
      SELECT client_id, name, toUnixTimestamp64Milli(min(o.first)) AS first, toUnixTimestamp64Milli(max(o.last)) AS last, sum(o.amount) AS amount
      FROM (${owned(rows, scope, false)}) AS o GROUP BY client_id, name
    ) GROUP BY client_id`;
}

/** Margins by day, where somebody wrote what products cost. */
export function marginsQuery({ scope, asOfMs }: CaseQuestion): string {
  const rows = `
    SELECT client_key, day, sum(revenue) AS revenue, sum(margin) AS margin FROM line_margins
    WHERE client_key ${scope.stamped} AND day > toDate('${dateOf(asOfMs - daysBack * dayMs)}') AND day <= toDate('${dateOf(asOfMs)}')
    GROUP BY client_key, day`;
  return `
    SELECT client_id, groupArray((toUInt16(day), share)) AS list FROM (
      SELECT client_id, day, toFloat64(sum(o.margin)) / toFloat64(sum(o.revenue)) AS share
      FROM (${owned(rows, scope, false)}) AS o
      GROUP BY client_id, day HAVING sum(o.revenue) > 0
    ) GROUP BY client_id`;
}
