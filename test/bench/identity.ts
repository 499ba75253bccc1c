import { connectRedis, silentLogger } from "@keypulse/engines";
import { defaultIdentitySettings, identifierKey, type ProvenLink } from "@keypulse/identity";
import { IdentityStore, rebuildIdentities } from "@keypulse/identity/store";
import { createTestWorkspace, type OwnEngines, type TestWorkspace } from "@keypulse/testkit";

const linksAStep = 20_000;
const points = 5;
const activityRows = 10_000_000;

interface Point {
  identifiers: number;
  linksASecond: number;
  knownLinksASecond: number;
  redisMegabytes: number;
  clickhouseMegabytes: number;
}

/**
 * Who is who at scale: links taken in and looked up again, memory of Redis and ClickHouse as identifiers grow, what the
 * map costs in queries, and how long filling an emptied Redis takes. People have a login, an address, two browsers, some
 * a phone; ten of them make a client. They come in parts, as events bring them: an anonymous browser first.
 */
export async function benchIdentity(
  engines: OwnEngines,
  { identifiers, say }: { identifiers: number; say: (text: string) => void },
): Promise<{ text: string }> {
  const workspace = await createTestWorkspace({ engines });
  const redis = connectRedis(
    { REDIS_URL: workspace.world.redisUrl, REDIS_PREFIX: workspace.world.redisPrefix },
    "bench",
    silentLogger,
  );
  const parts = { redis, clickhouse: workspace.clickhouse };
  const store = new IdentityStore(parts, workspace.world.redisPrefix, defaultIdentitySettings);
  await store.graph.reset();
  const emptyRedis = await redisMegabytes(workspace);

  const people = Math.ceil(identifiers / identifiersAPerson);
  const found: Point[] = [];
  let person = 0;
  for (let point = 1; point <= points; point++) {
    const until = Math.round((people * point) / points);
    const first = person;
    let links = 0;
    const began = performance.now();
    while (person < until) {
      const step: ProvenLink[] = [];
      while (person < until && step.length < linksAStep) step.push(...linksOfPerson(person++));
      await store.learn(step);
      links += step.length;
    }
    const seconds = (performance.now() - began) / 1000;
    const again = await timeKnown(store, first, until);
    found.push({
      identifiers: Math.round(until * identifiersAPerson),
      linksASecond: links / seconds,
      knownLinksASecond: again,
      redisMegabytes: (await redisMegabytes(workspace)) - emptyRedis,
      clickhouseMegabytes: await tableMegabytes(workspace),
    });
    say(`${format(found.at(-1)!.identifiers)} identifiers: ${format(found.at(-1)!.linksASecond)} links/s`);
  }

  say(`what the map costs over ${format(activityRows)} days of activity …`);
  const queries = await timeQueries(workspace, people);
  say("filling an emptied Redis …");
  await redis.flushall();
  const began = performance.now();
  const { links } = await rebuildIdentities(
    parts,
    workspace.world.redisPrefix,
    defaultIdentitySettings,
    async () => {},
  );
  const rebuildSeconds = (performance.now() - began) / 1000;
  redis.disconnect();
  await workspace.close();

  const text = [
    "identifiers   links/s  known links/s   Redis MB  bytes each  ClickHouse MB  bytes each",
    ...found.map((one) =>
      [
        format(one.identifiers).padStart(11),
        format(one.linksASecond).padStart(9),
        format(one.knownLinksASecond).padStart(14),
        format(one.redisMegabytes).padStart(10),
        format((one.redisMegabytes * 1e6) / one.identifiers).padStart(11),
        format(one.clickhouseMegabytes).padStart(14),
        format((one.clickhouseMegabytes * 1e6) / one.identifiers).padStart(11),
      ].join(" "),
    ),
    "",
    `${format(activityRows)} rows of activity by day, by leaf key (median of 5):`,
    `  sums by key alone            ${queries.floorMs.toFixed(0)} ms`,
    `  summed, then mapped          ${queries.mappedMs.toFixed(0)} ms  (${(queries.mappedMs / queries.floorMs).toFixed(2)} times)`,
    `  one client by its keys       ${queries.oneMs.toFixed(0)} ms`,
    "",
    `An emptied Redis was filled with ${format(links)} links of the ledger in ${rebuildSeconds.toFixed(0)} s.`,
  ].join("\n");
  return { text };
}

const identifiersAPerson = 4.4;
const peopleAClient = 10;
const kindsOf = (person: number) => ({
  user: end("user_id", `user-${person}`),
  email: end("email", `person-${person}@client-${Math.floor(person / peopleAClient)}.example`),
  first: end("anonymous_id", `browser-${person}-1`),
  second: end("anonymous_id", `browser-${person}-2`),
  phone: person % 10 < 3 ? end("phone", `+4420${String(70_000_000 + person).padStart(8, "0")}`) : undefined,
  account: end("account_id", `client-${Math.floor(person / peopleAClient)}`),
});
type Kind = "user_id" | "email" | "anonymous_id" | "phone" | "account_id";
const end = (kind: Kind, value: string) => ({ kind, value, key: identifierKey(kind, value) });

/** A browser alone, then with an address, then a login with all; the account with its first person. */
function linksOfPerson(person: number): ProvenLink[] {
  const { user, email, first, second, phone, account } = kindsOf(person);
  const proof = (minute: number) => ({
    occurredAtMs: 1_750_000_000_000 + person * 1_000 + minute * 60_000,
    source: "bench",
    eventId: `${person}-${minute}`,
  });
  const links: ProvenLink[] = [
    { left: first, right: first, rule: "seen", ...proof(0) },
    { left: email, right: first, rule: "same_event", ...proof(1) },
    { left: user, right: email, rule: "same_event", ...proof(2) },
    { left: user, right: second, rule: "same_event", ...proof(3) },
    { left: user, right: account, rule: "member_of", ...proof(3) },
  ];
  if (phone !== undefined) links.push({ left: user, right: phone, rule: "same_event", ...proof(4) });
  if (person % peopleAClient === 0) links.push({ left: account, right: account, rule: "seen", ...proof(0) });
  return links;
}

/** Links a second that the graph knows already: what events of known people cost. */
async function timeKnown(store: IdentityStore, first: number, until: number): Promise<number> {
  const count = 200_000;
  let links = 0;
  const began = performance.now();
  for (let person = first; person < until && links < count; ) {
    const step: ProvenLink[] = [];
    while (person < until && step.length < linksAStep) step.push(...linksOfPerson(person++));
    await store.learn(step);
    links += step.length;
  }
  return links / ((performance.now() - began) / 1000);
}

/** Days of activity of 1 M of the leaf keys (or as many as there are), ten rows each. */
async function timeQueries(workspace: TestWorkspace, people: number) {
  const keys = Math.min(1_000_000, people);
  await workspace.clickhouse.command({
    query: `INSERT INTO activity_daily SELECT k.key, k.key, toDate('2026-01-01') + n.number, 'web', 'web.page_viewed', 'bench', 1, 1, 0,
        toDateTime64('2026-01-01 00:00:00', 3, 'UTC'), toDateTime64('2026-01-01 00:00:00', 3, 'UTC')
      FROM (SELECT key FROM identity_keys LIMIT ${keys}) AS k CROSS JOIN (SELECT number FROM numbers(${Math.ceil(activityRows / keys)})) AS n`,
  });
  await workspace.clickhouse.command({ query: "OPTIMIZE TABLE activity_daily FINAL" });
  const sums = "SELECT client_key, sum(active) AS active FROM activity_daily GROUP BY client_key";
  const client = identifierKey("account_id", "client-7");
  return {
    floorMs: await median(workspace, `SELECT count(), sum(active) FROM (${sums})`),
    mappedMs: await median(
      workspace,
      `SELECT count(), sum(active) FROM (SELECT m.client_id AS id, sum(a.active) AS active FROM (${sums}) AS a
         LEFT JOIN identity_map AS m ON m.key = a.client_key GROUP BY id)`,
    ),
    oneMs: await median(
      workspace,
      `SELECT sum(active) FROM activity_daily WHERE client_key IN (
         SELECT key FROM identity_map WHERE key IN (SELECT key FROM identity_members WHERE client_key = '${client}')
           AND client_id = '${client}')`,
    ),
  };
}

async function median(workspace: TestWorkspace, query: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 6; run++) {
    const began = performance.now();
    await workspace.rows(query);
    if (run > 0) times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[2]!;
}

async function redisMegabytes({ redis }: TestWorkspace): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))![1]) / 1e6;
}

async function tableMegabytes(workspace: TestWorkspace): Promise<number> {
  const [row] = await workspace.rows<{ bytes: number }>(
    `SELECT sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE active AND database = currentDatabase() AND (table LIKE 'identity_%' OR table = 'identifiers')`,
  );
  return row!.bytes / 1e6;
}

const format = (number: number): string => Math.round(number).toLocaleString("en");
