import { settleAll, type TestWorkspace } from "@keypulse/testkit";

const eventsAnInsert = 1_000_000;
const days = 730;

/** SQL of the leaf key of the n-th client's account or person: any function of it that spreads. */
const keyOf = (kind: "account" | "person", number: string): string =>
  `reinterpretAsUUID(sipHash128('${kind}', ${number}))`;

export const clientKeyQuery = (number: number): string => `SELECT ${keyOf("account", `toUInt64(${number})`)} AS id`;

/** Clients with an account, one person each and a name. */
export async function generateClients({ clickhouse }: TestWorkspace, clients: number): Promise<void> {
  const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";
  const account = keyOf("account", "number");
  const person = keyOf("person", "number");
  for (const query of [
    `INSERT INTO identity_keys (key, contact_id, client_key, version)
      SELECT ${account}, ${nobody}, ${account}, 1 FROM numbers(${clients})
      UNION ALL SELECT ${person}, ${person}, ${account}, 1 FROM numbers(${clients})`,
    `INSERT INTO identity_links (left_key, right_key, rule, left_kind, left_value, right_kind, right_value, occurred_at)
      SELECT ${account}, ${person}, 'member_of', 'account_id', concat('c-', toString(number)),
        'email', concat('person', toString(number), '@example.com'), now64(3) FROM numbers(${clients})`,
    `INSERT INTO client_traits
      SELECT ${account}, 'client', arrayJoin(['name', 'industry']) AS trait, now64(3) - 86400,
        if(trait = 'name', concat('"Client ', toString(number), '"'), '"Trade"'), 'crm' FROM numbers(${clients})`,
  ]) {
    await clickhouse.command({ query, clickhouse_settings: settings });
  }
}

/**
 * Adds events of two years: 60 % web, 25 % mail, 5 % calls, 10 % orders (a tenth of them refunds, a tenth in dollars).
 * Few clients do much and many do little: a client's number is that of all times a uniform one to the power of 2.5. Each
 * event falls on a day of its own choice, which is the worst for tables of days: next to nothing is summed up there.
 */
export async function generateEvents(
  { clickhouse }: TestWorkspace,
  clients: number,
  from: number,
  to: number,
  say: (text: string) => void,
): Promise<void> {
  for (let first = from; first < to; first += eventsAnInsert) {
    await clickhouse.command({
      query: eventsQuery(clients, first, Math.min(eventsAnInsert, to - first)),
      clickhouse_settings: settings,
    });
    say(`${(first + Math.min(eventsAnInsert, to - first)).toLocaleString("en")} events`);
  }
  say(`${(await settleAll(clickhouse)).toLocaleString("en")} orders settled`);
}

const settings = { max_insert_threads: "2", wait_end_of_query: 1 } as const;

const eventsQuery = (clients: number, first: number, count: number): string => `
  INSERT INTO events (client_key, contact_key, occurred_at, event_id, source, kind, type, activity, revenue_sign, order_id,
    amount, currency, items, topic, offset, received_at, batch_date)
  WITH
    number + ${first} AS n,
    toUInt64(floor(${clients} * pow(sipHash64(n, 1) / 18446744073709551616, 2.5))) AS client,
    sipHash64(n, 2) % 100 AS part,
    multiIf(part < 60, 'web', part < 85, 'email', part < 90, 'call', 'order') AS what
  SELECT
    if(what = 'email', ${keyOf("person", "client")}, ${keyOf("account", "client")}),
    if(what = 'order', toUUID('00000000-0000-0000-0000-000000000000'), ${keyOf("person", "client")}),
    now64(3) - toIntervalSecond(sipHash64(n, 3) % (${days} * 86400)) AS at,
    toString(n),
    'shop',
    what,
    multiIf(part < 60, 'web.page_viewed', part < 75, 'email.opened', part < 85, 'email.delivered', part < 90, 'call.completed', part < 99, 'order.placed', 'order.refunded') AS happened,
    happened NOT IN ('email.delivered', 'order.refunded'),
    multiIf(happened = 'order.placed', 1, happened = 'order.refunded', -1, 0),
    if(what = 'order', toString(n), ''),
    toDecimal64(if(what = 'order', 10 + sipHash64(n, 4) % 500, 0), 4),
    multiIf(what != 'order', '', sipHash64(n, 5) % 10 = 0, 'USD', 'EUR'),
    if(what = 'order', [(concat('SKU', toString(sipHash64(n, 6) % 500)), 'a thing', '', toDecimal64(2, 4), toDecimal64(5, 4))], []),
    'bench',
    n,
    at,
    toDate(now())
  FROM numbers(${count})`;
