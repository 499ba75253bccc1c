import type { IdentifierKind } from "@keypulse/contracts";
import { type ClickHouse, connectClickHouse, connectRedis, type Redis, silentLogger } from "@keypulse/engines";
import { createTestWorld, type TestWorld } from "@keypulse/testkit";
import { migrate } from "@keypulse/warehouse";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { identifierKey, nobody } from "../key.ts";
import type { LinkRule } from "../link.ts";
import type { ProvenLink } from "../linksOf.ts";
import { defaultIdentitySettings, type IdentitySettings } from "../settings.ts";
import { createSettle } from "../settle.ts";
import { CannotDecide, type DecisionRequest, IdentityDecisions } from "./decide.ts";
import { writeDecision } from "./decisions.ts";
import { GraphLost, IdentitySettingsDiffer } from "./graph.ts";
import { IdentityStore, packLink } from "./identityStore.ts";
import { unpackKey } from "./packedLinks.ts";
import { rebuildIdentities } from "./rebuild.ts";

/** Small limits, so that shared values and refusals come up often. */
const settings: IdentitySettings = {
  ...defaultIdentitySettings,
  IDENTITY_SHARED: { ...defaultIdentitySettings.IDENTITY_SHARED, phone: 2, email: 2 },
};
const kinds: Record<string, IdentifierKind> = {
  c: "crm_id",
  u: "user_id",
  e: "email",
  p: "phone",
  b: "anonymous_id",
  A: "account_id",
};
const end = (name: string, run: number) => {
  const kind = kinds[name[0]!]!;
  const value = `${name}-${run}`;
  return { kind, value, key: identifierKey(kind, value) };
};
const link = (left: string, right: string, rule: LinkRule, occurredAtMs: number, run = 0): ProvenLink => ({
  left: end(left, run),
  right: end(right, run),
  rule,
  occurredAtMs,
  source: "test",
  eventId: `${left}-${right}-${occurredAtMs}`,
});

describe("IdentityStore", () => {
  let world: TestWorld;
  let redis: Redis;
  let clickhouse: ClickHouse;
  const store = (prefix = world.redisPrefix, given = settings) =>
    new IdentityStore({ redis, clickhouse }, prefix, given);
  const decisions = () => new IdentityDecisions({ redis, clickhouse }, world.redisPrefix, settings);

  beforeAll(async () => {
    world = await createTestWorld();
    const address = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
    await migrate(address, { timezone: "UTC", currency: "EUR" });
    clickhouse = connectClickHouse(address, "test");
    redis = connectRedis({ REDIS_URL: world.redisUrl, REDIS_PREFIX: world.redisPrefix }, "test", silentLogger);
    await store().graph.reset();
  });
  afterAll(async () => {
    redis.disconnect();
    await clickhouse.close();
    await world.drop();
  });

  /** The map as analysts' views read it: contact, client and where it moved, by key. */
  async function mapOf(keys: readonly string[]): Promise<Map<string, string>> {
    const result = await clickhouse.query({
      query: `SELECT key, contact_id, client_id, arrayMap(era -> concat(toString(toUnixTimestamp64Milli(era.1)), ':', toString(era.2)), eras) AS moves
        FROM identity_map INNER JOIN (SELECT key, eras FROM identity_keys FINAL) AS k USING key
        WHERE key IN {keys: Array(UUID)}`,
      query_params: { keys },
      format: "JSONEachRow",
    });
    const rows = await result.json<{ key: string; contact_id: string; client_id: string; moves: string[] }>();
    return new Map(rows.map((row) => [row.key, `${row.contact_id} ${row.client_id} ${row.moves}`]));
  }

  /** The same by the pure function over all links at once. */
  function expectedMap(links: readonly ProvenLink[]): Map<string, string> {
    const packed = [
      ...new Map(
        links
          .map(packLink)
          .toSorted((a, b) => b.atMs - a.atMs)
          .map((one) => [`${one.left}${one.right}${one.rule}`, one]),
      ).values(),
    ];
    const { places } = createSettle(settings)(packed);
    return new Map(
      [...places].map(([key, place]) => [
        unpackKey(key),
        place.level === "client"
          ? `${nobody} ${unpackKey(place.client)} `
          : `${unpackKey(place.contact)} ${unpackKey(place.client)} ${place.eras.map((era) => `${era.sinceMs}:${unpackKey(era.client)}`)}`,
      ]),
    );
  }

  it("ends in the same map whatever the order, the parts, the repeats and the workers", async () => {
    const names = ["c1", "c2", "u1", "u2", "u3", "e1", "e2", "p1", "p2", "b1", "b2"];
    const strength = "cuepb";
    const anyLink = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(
          fc.constantFrom(...names),
          fc.constantFrom(...names),
          fc.nat(50),
          fc.constantFrom("same_event" as const, "same_event" as const, "alias" as const),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(
          fc.constantFrom(...names),
          fc.constantFrom("A1", "A2", "A3"),
          fc.nat(50),
          fc.constant("member_of" as const),
        ),
      },
    );
    let run = 1;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLink, { minLength: 1, maxLength: 30 }),
        fc.infiniteStream(fc.nat()),
        async (given, random) => {
          run += 1;
          const links = given.flatMap(([a, b, at, rule]) => {
            if (rule === "member_of")
              return [link(b, b, "seen", at, run), link(a, a, "seen", at, run), link(a, b, rule, at, run)];
            if (a === b) return [link(a, a, "seen", at, run)];
            return strength.indexOf(a[0]!) <= strength.indexOf(b[0]!)
              ? [link(a, b, rule, at, run)]
              : [link(b, a, rule, at, run)];
          });
          const shuffled = links
            .map((item) => ({ item, at: random.next().value! }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
          const workers = [store(), store()];
          for (let start = 0; start < shuffled.length; ) {
            const size = 1 + (random.next().value! % 6);
            const part = shuffled.slice(start, start + size);
            const again = shuffled.slice(Math.max(0, start - 2), start + 1);
            await Promise.all([workers[0]!.learn(part), workers[1]!.learn(again)]);
            start += size;
          }
          const expected = expectedMap(links);
          expect(await mapOf([...expected.keys()])).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("stores what a killed process had taken into the graph only", async () => {
    const links = [link("u7", "e7", "same_event", 5), link("u7", "A7", "member_of", 5), link("A7", "A7", "seen", 5)];
    for await (const change of store().graph.add(links.map(packLink))) expect(change.fresh.size).toBe(3);
    expect(await mapOf([end("e7", 0).key])).toEqual(new Map());
    expect(await store().settleOwed(Date.now())).toBe(0);
    expect(await store().settleOwed(Date.now() + 60_000)).toBe(1);
    expect(await mapOf([end("e7", 0).key, end("u7", 0).key, end("A7", 0).key])).toEqual(expectedMap(links));
    expect(await store().settleOwed(Date.now() + 60_000)).toBe(0);
  });

  it("forgets who a shared value joins, and lists it for people", async () => {
    const learner = store();
    const all = ["u1", "u2", "u3", "u4"].map((user, index) => link(user, "p5", "same_event", index, 900));
    for (const one of all) await learner.learn([one]);
    const map = await mapOf(all.flatMap(({ left, right }) => [left.key, right.key]));
    for (const { left } of all) expect(map.get(left.key)).toBe(`${left.key} ${left.key} `);
    expect(await learner.learn(all)).toBe(0);
    const [conflict] = await rows<{ reason: string; state: string }>(
      `SELECT reason, state FROM identity_conflicts FINAL WHERE left_key = '${end("p5", 900).key}'`,
    );
    expect(conflict).toEqual({ reason: "shared_value", state: "open" });
  });

  it("lists two people whom one value would join, until somebody decides", async () => {
    const links = [link("u1", "e1", "same_event", 1, 901), link("u2", "e1", "same_event", 2, 901)];
    await store().learn(links);
    const listed = () =>
      rows<{ reason: string; left_id: string; right_id: string }>(
        `SELECT reason, left_id, right_id FROM identity_conflicts FINAL WHERE left_key = '${end("u2", 901).key}' AND state = 'open'`,
      );
    expect(await listed()).toEqual([
      { reason: "two_people", left_id: end("u2", 901).key, right_id: end("u1", 901).key },
    ]);
    await decide({ kind: "merge", left: end("u1", 901), right: end("u2", 901) });
    expect(await listed()).toEqual([]);
    const map = await mapOf([end("u2", 901).key]);
    expect(map.get(end("u2", 901).key)).toMatch(new RegExp(`^(${end("u1", 901).key}|${end("u2", 901).key})`));
  });

  it("undoes every decision exactly", async () => {
    const links = [
      link("u1", "e1", "same_event", 1, 902),
      link("e1", "b1", "same_event", 2, 902),
      link("u1", "A1", "member_of", 3, 902),
      link("u2", "e2", "same_event", 4, 902),
      link("u2", "A2", "member_of", 5, 902),
      ...["A1", "A2", "A3"].map((account) => link(account, account, "seen", 6, 902)),
    ];
    await store().learn(links);
    const keys = [...new Set(links.flatMap(({ left, right }) => [left.key, right.key]))];
    const before = await mapOf(keys);
    expect(before).toEqual(expectedMap(links));
    const each: Omit<DecisionRequest, "reason" | "who">[] = [
      { kind: "merge", left: end("u1", 902), right: end("u2", 902) },
      { kind: "merge", left: end("A1", 902), right: end("A2", 902) },
      { kind: "unmerge", left: end("u1", 902), right: end("e1", 902) },
      { kind: "move", left: end("e1", 902), right: end("A3", 902), sinceMs: 1_000 },
      { kind: "set_aside", left: end("e1", 902) },
    ];
    for (const request of each) {
      const made = await decide(request);
      const after = await mapOf(keys);
      expect(after).not.toEqual(before);
      const moved = keys.filter((key) => before.get(key) !== after.get(key)).toSorted();
      // Where two clients become one, their people follow by the client's key: their own rows stay.
      if (request.left.kind === "account_id") expect(moved).toEqual(expect.arrayContaining(made.changed));
      else expect(made.changed).toEqual(moved);
      // Evidence that comes meanwhile stays, and is judged again.
      await store().learn(links.map((one) => ({ ...one, occurredAtMs: one.occurredAtMs + 100 })));
      expect(await mapOf(keys)).toEqual(after);
      await undo(made.id);
      expect(await mapOf(keys)).toEqual(before);
    }
    // All at once, and taken back in another order.
    const made = [];
    for (const request of each.slice(0, 4)) made.push(await decide(request));
    for (const index of [2, 0, 3, 1]) await undo(made[index]!.id);
    expect(await mapOf(keys)).toEqual(before);
  });

  it("applies a decision that was cut off after it was written", async () => {
    const links = [link("u1", "e1", "same_event", 1, 905), link("u2", "e2", "same_event", 1, 905)];
    await store().learn(links);
    const keys = links.flatMap(({ left, right }) => [left.key, right.key]);
    const before = await mapOf(keys);
    const request = { kind: "merge" as const, left: end("u1", 905), right: end("u2", 905), reason: "r", who: "w" };
    const { decision } = await decisions().plan(request, Date.now());
    await writeDecision(clickhouse, decision);
    expect(await decisions().catchUp(Date.now())).toBe(0);
    expect(await decisions().catchUp(Date.now() + 120_000)).toBe(1);
    expect(await decisions().catchUp(Date.now() + 120_000)).toBe(0);
    expect(await mapOf(keys)).not.toEqual(before);
    await writeDecision(clickhouse, { ...decision, version: 2, undone: true });
    expect(await decisions().catchUp(Date.now())).toBe(1);
    expect(await mapOf(keys)).toEqual(before);
  });

  it("says why a decision can't be taken", async () => {
    const plan = (request: Omit<DecisionRequest, "reason" | "who">) =>
      decisions().plan({ ...request, reason: "r", who: "w" }, Date.now());
    await expect(plan({ kind: "merge", left: end("u1", 902), right: end("A1", 902) })).rejects.toThrow(
      /move the person/,
    );
    await expect(plan({ kind: "merge", left: end("u1", 902), right: end("u99", 902) })).rejects.toThrow(
      /no event carried the user_id/,
    );
    await expect(plan({ kind: "unmerge", left: end("u1", 902), right: end("u2", 902) })).rejects.toThrow(/not joined/);
    await expect(plan({ kind: "move", left: end("A1", 902), right: end("A2", 902) })).rejects.toThrow(
      /a person is moved/,
    );
    await expect(decisions().planUndo("00000000-0000-4000-8000-000000000000", "w")).rejects.toThrow(CannotDecide);
  });

  it("fills an emptied Redis to the same map, decisions included", async () => {
    const all = await rows<{ key: string }>("SELECT key FROM identity_map");
    const keys = all.map(({ key }) => key);
    const before = await mapOf(keys);
    // All that is its own: other tests use the same Redis.
    await redis.del(...(await redis.keysBuffer(`${world.redisPrefix}*`)));
    await expect(store().learn([link("u1", "u1", "seen", 1)])).rejects.toThrow(GraphLost);
    await rebuildIdentities({ redis, clickhouse }, world.redisPrefix, settings, async () => {});
    expect(await mapOf(keys)).toEqual(before);
    const other = store(world.redisPrefix, { ...settings, IDENTITY_COMPANY_DOMAINS: "on" });
    await expect(other.learn([link("u1", "u1", "seen", 1)])).rejects.toThrow(IdentitySettingsDiffer);
  });

  it("works all of it out again by other settings", async () => {
    const strict = { ...settings, IDENTITY_LIMITS: { ...settings.IDENTITY_LIMITS, user_id: 1 } };
    await store().learn([link("u1", "u2", "alias", 1, 903)]);
    const second = end("u2", 903).key;
    const contactOf = async () => (await mapOf([second])).get(second)!.split(" ")[0];
    const joined = await contactOf();
    expect(joined).toBe([second, end("u1", 903).key].toSorted()[0]);
    await rebuildIdentities({ redis, clickhouse }, world.redisPrefix, strict, async () => {});
    expect(await contactOf()).toBe(second);
    await rebuildIdentities({ redis, clickhouse }, world.redisPrefix, settings, async () => {});
    expect(await contactOf()).toBe(joined);
  });

  it("finds companies in events of times when domains did not count", async () => {
    const address = "eve@initech.example";
    const email = { kind: "email" as const, value: address, key: identifierKey("email", address) };
    const seen = { left: email, right: email, rule: "seen" as const, occurredAtMs: 5, source: "test", eventId: "s" };
    await store().learn([seen]);
    await clickhouse.insert({
      table: "events",
      format: "JSONEachRow",
      values: [
        { event_id: "s", source: "test", occurred_at: 5, client_key: email.key, identifiers: { email: address } },
      ],
      clickhouse_settings: { async_insert: 0 },
    });
    const clientOf = async () => (await mapOf([email.key])).get(email.key)!.split(" ")[1];
    expect(await clientOf()).toBe(email.key);
    const domains: IdentitySettings = { ...settings, IDENTITY_COMPANY_DOMAINS: "on" };
    await rebuildIdentities({ redis, clickhouse }, world.redisPrefix, domains, async () => {});
    const company = identifierKey("domain", "initech.example");
    expect(await clientOf()).toBe(company);

    // The company is erased; an event of hers that is another's stays. Working all out again must not name it again.
    const erase = (table: string, where: string) =>
      clickhouse.command({
        query: `DELETE FROM ${table} WHERE ${where}`,
        clickhouse_settings: { mutations_sync: "2" },
      });
    await clickhouse.insert({
      table: "suppressed_keys",
      format: "JSONEachRow",
      values: [{ key: company, erasure_id: nobody, since: 1 }],
    });
    await erase("identity_links", `right_key = '${company}'`);
    await erase("identity_keys", `key = '${company}'`);
    await rebuildIdentities({ redis, clickhouse }, world.redisPrefix, domains, async () => {});
    expect(await clientOf()).toBe(email.key);
    expect(await rows(`SELECT 1 FROM identity_links WHERE right_key = '${company}'`)).toEqual([]);
  });

  async function rows<T>(query: string): Promise<T[]> {
    return await (await clickhouse.query({ query, format: "JSONEachRow" })).json<T>();
  }
  async function decide(request: Omit<DecisionRequest, "reason" | "who">) {
    const plan = await decisions().plan({ ...request, reason: "it is so", who: "ana" }, Date.now());
    const planned = plan.changes.map(({ key }) => key).toSorted();
    const done = await decisions().carryOut(plan);
    expect(done.toSorted()).toEqual(planned);
    return { id: plan.decision.id, changed: planned.map(unpackKey).toSorted() };
  }
  async function undo(id: string) {
    const plan = await decisions().planUndo(id, "ana");
    await decisions().carryOut(plan);
  }
});
