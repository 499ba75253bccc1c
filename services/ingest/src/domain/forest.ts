import { readFileSync } from "node:fs";
import type { IdentifierKind } from "@keypulse/contracts";
import type { Redis } from "@keypulse/engines";
import { kindRank } from "@keypulse/identity";

const script = readFileSync(new URL("forest.lua", import.meta.url), "utf8");
const linksACall = 2_000;

export type LinkRule = "seen" | "same_event" | "alias" | "member_of";

export interface LinkEnd {
  kind: IdentifierKind;
  value: string;
  key: string;
}

/** Evidence that two identifiers belong together. `left` is the stronger one, or the person of a membership. */
export interface IdentityLink {
  left: LinkEnd;
  right: LinkEnd;
  rule: LinkRule;
  occurredAtMs: number;
  source: string;
  eventId: string;
}

/** A key's place in the map; the newest version counts. */
export interface MapRow {
  key: string;
  contact_id: string;
  client_key: string;
  version: string;
}

const linkCode = { seen: "s", same_event: "p", alias: "p", member_of: "m" } as const;

/**
 * Identities in Redis. The only owner of the forest's keys.
 * Rows of the map that ClickHouse has not got yet wait in Redis (`dirty`), so a crash between the two loses none.
 */
export class IdentityForest {
  readonly #redis: Redis;
  readonly #base: string;
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#base = `${prefix}{identity}:`;
  }

  /** Of these links, those that tell something new. */
  async missing(links: IdentityLink[]): Promise<IdentityLink[]> {
    const found: IdentityLink[] = [];
    for (const part of partsOf(links)) {
      const numbers = (await this.#redis.eval(script, 1, this.#base, "missing", encode(part))) as number[];
      for (const number of numbers) found.push(part[number]!);
    }
    return found;
  }

  /** Takes links in; repeating any is harmless. @returns how many rows of the map wait for `takeDirty`. */
  async apply(links: IdentityLink[]): Promise<number> {
    let waiting = 0;
    for (const part of partsOf(links)) {
      waiting = Number(await this.#redis.eval(script, 1, this.#base, "apply", encode(part)));
    }
    return waiting;
  }

  /**
   * Hands all waiting rows of the map to `store`, in parts, and forgets those that did not change meanwhile.
   * @returns how many there were.
   */
  async flush(store: (rows: MapRow[]) => Promise<void>): Promise<number> {
    let cursor = "0";
    let count = 0;
    do {
      const [next, pairs] = await this.#redis.hscan(`${this.#base}dirty`, cursor, "COUNT", 10_000);
      cursor = next;
      const rows: MapRow[] = [];
      for (let i = 0; i < pairs.length; i += 2) {
        const [contact_id, client_key, version] = pairs[i + 1]!.split("|") as [string, string, string];
        rows.push({ key: pairs[i]!, contact_id, client_key, version });
      }
      if (rows.length === 0) continue;
      await store(rows);
      count += rows.length;
      await this.#redis.eval(
        `for i = 1, #ARGV, 2 do
           if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
         end`,
        1,
        `${this.#base}dirty`,
        ...rows.flatMap((row) => [row.key, `${row.contact_id}|${row.client_key}|${row.version}`]),
      );
    } while (cursor !== "0");
    return count;
  }
}

function encode(links: IdentityLink[]): string {
  return JSON.stringify(
    links.map((link) => ({
      l: link.left.key,
      a: kindRank(link.left.kind),
      r: link.right.key,
      b: kindRank(link.right.kind),
      k: linkCode[link.rule],
      t: link.occurredAtMs,
    })),
  );
}

function* partsOf(links: IdentityLink[]): Generator<IdentityLink[]> {
  for (let i = 0; i < links.length; i += linksACall) yield links.slice(i, i + linksACall);
}
