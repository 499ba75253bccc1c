import { readFileSync } from "node:fs";
import type { Redis } from "@keypulse/engines";
import { kindNumber, kindOfNumber, type Link } from "../link.ts";
import { keyBytes, packLinks, unpackKeys, unpackLinks } from "./packedLinks.ts";

const script = readFileSync(new URL("graph.lua", import.meta.url), "utf8");
/** Bounds how long Redis serves nobody else (about 10 ms). */
const linksACall = 1_000;
const partsAScan = 5_000;

/** Redis does not hold the graph (any more), or is just being filled: it has to be filled from ClickHouse. */
export class GraphLost extends Error {
  override name = "GraphLost";
}

/** Another process works by other identity settings: one of the two has to be started again. */
export class IdentitySettingsDiffer extends Error {
  override name = "IdentitySettingsDiffer";
}

/** A connected part of the graph: its links now, and those of the parts that it was made of. */
export interface Part {
  now: Link[];
  before: Link[][];
}

export interface Change {
  /** Grows with every change, and is read together with the links: rows that carry it never overwrite newer ones. */
  version: string;
  /** Keys that were not known before. */
  fresh: ReadonlySet<string>;
  parts: Part[];
}

type End = Pick<Link, "left" | "leftKind">;
type Command = (base: string, ...values: (string | Buffer)[]) => Promise<(Buffer | Buffer[] | number)[]>;

/** Which links are known, in Redis. The only owner of the graph's keys. Keys of links are packed texts of 16 bytes. */
export class IdentityGraph {
  readonly #redis: Redis;
  readonly #base: string;
  readonly #fingerprint: string;

  constructor(redis: Redis, prefix: string, fingerprint: string) {
    this.#redis = redis;
    this.#base = `${prefix}{identity}:`;
    this.#fingerprint = fingerprint;
    redis.defineCommand("keypulseGraph", { numberOfKeys: 1, lua: script });
  }

  async #call(...values: (string | Buffer)[]) {
    const command = (this.#redis as unknown as { keypulseGraphBuffer: Command }).keypulseGraphBuffer;
    try {
      return await command.call(this.#redis, this.#base, this.#fingerprint, ...values);
    } catch (error) {
      const { message } = error as Error;
      if (message.includes("EMPTY graph")) throw new GraphLost("the graph of identities is not in Redis");
      if (message.includes("SETTINGS differ")) {
        throw new IdentitySettingsDiffer("other processes work by other IDENTITY_ settings: start this one again");
      }
      throw error;
    }
  }

  /** Settings that the graph was filled by, or undefined where there is none. */
  async settings(): Promise<string | undefined> {
    return (await this.#redis.get(`${this.#base}settings`)) ?? undefined;
  }

  /** Of these links, the numbers of those that tell something new. */
  async missing(links: readonly Link[]): Promise<number[]> {
    const found: number[] = [];
    for (let start = 0; start < links.length; start += linksACall) {
      const numbers = (await this.#call("missing", packLinks(links.slice(start, start + linksACall)))) as number[];
      for (const number of numbers) found.push(start + number);
    }
    return found;
  }

  /** Takes links in; repeating any is harmless. Each change is owed until `paid`. */
  async *add(links: readonly Link[]): AsyncGenerator<Change> {
    for (let start = 0; start < links.length; start += linksACall) {
      yield await this.#change("add", links.slice(start, start + linksACall));
    }
  }

  /** Takes links in whose changes nobody asks for: all parts are read afterwards. */
  async load(links: readonly Link[]): Promise<void> {
    for (let start = 0; start < links.length; start += linksACall) {
      await this.#call("load", packLinks(links.slice(start, start + linksACall)));
    }
  }

  /** Every part, in lists; one that changes meanwhile may come twice. */
  async *parts(): AsyncGenerator<Link[][]> {
    for (let cursor = "0"; ; ) {
      const [next, keys] = await this.#redis.scanBuffer(cursor, "MATCH", `${this.#base}c:*`, "COUNT", partsAScan);
      const found = keys.length === 0 ? [] : await this.#redis.mgetBuffer(...keys);
      yield found.flatMap((links) => (links === null ? [] : [unpackLinks(links)]));
      cursor = String(next);
      if (cursor === "0") return;
    }
  }

  /** Of these keys, those that nothing is linked with. */
  async alone(keys: readonly string[]): Promise<string[]> {
    return unpackKeys((await this.#call("alone", Buffer.from(keys.join(""), "latin1"))) as unknown as Buffer);
  }

  /** Takes links out, whatever their time. */
  async cut(links: readonly Link[]): Promise<Change> {
    return await this.#change("cut", links);
  }

  async #change(command: "add" | "cut", links: readonly Link[]): Promise<Change> {
    const [version, fresh, ...parts] = await this.#call(command, packLinks(links), packEnds(links));
    return {
      version: String(version),
      fresh: new Set(unpackKeys(fresh as Buffer)),
      parts: (parts as unknown as [Buffer, Buffer[]][]).map(([now, before]) => ({
        now: unpackLinks(now),
        before: before.map(unpackLinks),
      })),
    };
  }

  /** The parts that keys are in. @returns also which of the keys are alone */
  async read(keys: readonly string[]): Promise<{ version: string; alone: string[]; parts: Link[][] }> {
    const [version, alone, ...parts] = await this.#call("read", Buffer.from(keys.join(""), "latin1"));
    return {
      version: String(version),
      alone: unpackKeys(alone as Buffer),
      parts: (parts as unknown as [Buffer][]).map(([links]) => unpackLinks(links)),
    };
  }

  /** Forgets the links of values that are shared, and takes none any more. Changes nothing about who is who. */
  async prune(keys: readonly string[]): Promise<void> {
    await this.#call("prune", Buffer.from(keys.join(""), "latin1"));
  }

  /** Takes links of these values again. */
  async release(keys: readonly string[]): Promise<void> {
    await this.#call("release", Buffer.from(keys.join(""), "latin1"));
  }

  /** Forgets keys whose links were cut. */
  async drop(keys: readonly string[]): Promise<void> {
    await this.#call("drop", Buffer.from(keys.join(""), "latin1"));
  }

  /** What a change was about is stored. */
  async paid(version: string): Promise<void> {
    await this.#redis.hdel(`${this.#base}owed`, version);
  }

  /** Changes that were made before a time and are not known to be stored: a process died in between. */
  async owedBefore(ms: number): Promise<{ version: string; ends: End[] }[]> {
    const owed = await this.#redis.hgetallBuffer(`${this.#base}owed`);
    return Object.entries(owed).flatMap(([version, ends]) =>
      Number(version) / 1000 < ms ? [{ version, ends: unpackEnds(ends) }] : [],
    );
  }

  /** Empties the graph and begins one that works by these settings. */
  async reset(): Promise<void> {
    for (let cursor = "0"; ; ) {
      const [next, keys] = await this.#redis.scanBuffer(cursor, "MATCH", `${this.#base}*`, "COUNT", 5_000);
      const clock = `${this.#base}clock`;
      const gone = keys.filter((key) => key.toString("latin1") !== clock);
      if (gone.length > 0) await this.#redis.unlink(...gone);
      cursor = String(next);
      if (cursor === "0") break;
    }
    await this.#redis.set(`${this.#base}settings`, this.#fingerprint);
  }
}

/** Both ends of links with their kinds, 17 bytes each: enough to find what a lost process has not stored. */
function packEnds(links: readonly Link[]): Buffer {
  const ends = new Map<string, number>();
  for (const { left, leftKind, right, rightKind } of links) {
    ends.set(left, kindNumber(leftKind));
    ends.set(right, kindNumber(rightKind));
  }
  return Buffer.from([...ends].map(([key, kind]) => key + String.fromCharCode(kind)).join(""), "latin1");
}

function unpackEnds(buffer: Buffer): End[] {
  const ends: End[] = [];
  for (let at = 0; at < buffer.length; at += keyBytes + 1) {
    ends.push({ left: buffer.toString("latin1", at, at + keyBytes), leftKind: kindOfNumber(buffer[at + keyBytes]!) });
  }
  return ends;
}
