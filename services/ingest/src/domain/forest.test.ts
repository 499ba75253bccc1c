import { type IdentifierKind, identifierKinds } from "@keypulse/contracts";
import { connectRedis, type Redis, silentLogger } from "@keypulse/engines";
import { identifierKey, nobody } from "@keypulse/identity";
import { createTestWorld, type TestWorld } from "@keypulse/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IdentityForest, type IdentityLink, type MapRow } from "./forest.ts";

const end = (kind: IdentifierKind, value: string) => ({ kind, value, key: identifierKey(kind, value) });
const link = (
  left: ReturnType<typeof end>,
  right: ReturnType<typeof end>,
  rule: IdentityLink["rule"],
  occurredAtMs: number,
): IdentityLink => ({
  left,
  right,
  rule,
  occurredAtMs,
  source: "test",
  eventId: "e",
});

describe("IdentityForest", () => {
  let world: TestWorld;
  let redis: Redis;
  let run = 0;
  beforeAll(async () => {
    world = await createTestWorld();
    redis = connectRedis({ REDIS_URL: world.redisUrl, REDIS_PREFIX: world.redisPrefix }, "test", silentLogger);
  });
  afterAll(async () => {
    redis.disconnect();
    await world.drop();
  });
  const fresh = () => new IdentityForest(redis, `${world.redisPrefix}${run++}:`);

  /** The map as ClickHouse would end up with: of each key the newest version. */
  async function mapOf(forest: IdentityForest, parts: IdentityLink[][]): Promise<Map<string, string>> {
    const newest = new Map<string, MapRow>();
    for (const part of parts) {
      await forest.apply(part);
      await forest.flush(async (rows) => {
        for (const row of rows) {
          const known = newest.get(row.key);
          if (known === undefined || BigInt(row.version) >= BigInt(known.version)) newest.set(row.key, row);
        }
      });
    }
    return new Map([...newest].map(([key, row]) => [key, `${row.contact_id} ${row.client_key}`]));
  }

  it("joins identifiers of one person and puts the person into the newest account", async () => {
    const [email, browser, acme, globex] = [
      end("email", "ana@a.example"),
      end("anonymous_id", "b1"),
      end("account_id", "acme"),
      end("account_id", "globex"),
    ];
    const map = await mapOf(fresh(), [
      [link(acme, acme, "seen", 1), link(globex, globex, "seen", 1)],
      [link(browser, browser, "seen", 1)],
      [link(email, browser, "same_event", 2), link(email, acme, "member_of", 2)],
      [link(email, globex, "member_of", 9)],
    ]);
    expect(map.get(browser.key)).toBe(`${email.key} ${globex.key}`);
    expect(map.get(email.key)).toBe(`${email.key} ${globex.key}`);
    expect(map.get(acme.key)).toBe(`${nobody} ${acme.key}`);
  });

  it("ends in the same map whatever the order, the parts and the repeats of the links", async () => {
    const people = fc.constantFrom(
      ...["user_id", "email", "phone", "anonymous_id"].flatMap((kind) =>
        [0, 1, 2].map((n) => end(kind as IdentifierKind, `${n}`)),
      ),
    );
    const accounts = fc.constantFrom(...[0, 1, 2].map((n) => end("account_id", `${n}`)));
    const rank = (kind: IdentifierKind) => identifierKinds.indexOf(kind);
    const anyLink = fc.oneof(
      fc
        .tuple(people, people, fc.nat(50))
        .map(([a, b, t]) =>
          a.key === b.key
            ? link(a, a, "seen", t)
            : rank(a.kind) <= rank(b.kind)
              ? link(a, b, "same_event", t)
              : link(b, a, "same_event", t),
        ),
      fc.tuple(people, accounts, fc.nat(50)).map(([a, b, t]) => link(a, b, "member_of", t)),
      accounts.map((a) => link(a, a, "seen", 0)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLink, { minLength: 1, maxLength: 25 }),
        fc.infiniteStream(fc.nat()),
        async (links, random) => {
          const shuffled = links
            .map((item) => ({ item, at: random.next().value! }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
          const parts: IdentityLink[][] = [];
          for (let i = 0; i < shuffled.length; ) {
            const size = 1 + (random.next().value! % 5);
            parts.push(shuffled.slice(i, i + size), shuffled.slice(Math.max(0, i - 1), i + 1));
            i += size;
          }
          const once = await mapOf(fresh(), [links]);
          expect(await mapOf(fresh(), parts)).toEqual(once);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("says which links tell something new", async () => {
    const forest = fresh();
    const [email, acme] = [end("email", "a@a.example"), end("account_id", "acme")];
    const links = [link(email, acme, "member_of", 10), link(acme, acme, "seen", 10)];
    expect(await forest.missing(links)).toEqual(links);
    await forest.apply(links);
    expect(await forest.missing(links)).toEqual([]);
    // Earlier proof of a membership is news: it may decide which account is the newest.
    const earlier = link(email, acme, "member_of", 5);
    expect(await forest.missing([earlier])).toEqual([earlier]);
  });

  it("keeps rows of the map until they are stored", async () => {
    const forest = fresh();
    const email = end("email", "b@b.example");
    await forest.apply([link(email, email, "seen", 1)]);
    await expect(forest.flush(async () => Promise.reject(new Error("ClickHouse is away")))).rejects.toThrow("away");
    const rows: MapRow[] = [];
    await forest.flush(async (part) => void rows.push(...part));
    expect(rows.map((row) => row.key)).toEqual([email.key]);
    expect(await forest.flush(async () => {})).toBe(0);
  });
});
