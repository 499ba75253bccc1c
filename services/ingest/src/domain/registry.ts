import { hash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { EventKind } from "@keypulse/contracts";
import type { Redis } from "@keypulse/engines";

/** Days that one generation of ids spans; the newest two are kept, so an id is remembered for 15 to 30 days. */
const generationDays = 15;
const generationMs = generationDays * 86_400_000;
/** Ids a call: bounds how long Redis serves nobody else (about 10 ms). */
const idsACall = 4_000;

/** A process that fills the registry and is silent for so long has died. */
const fillingMs = 30_000;

const script = readFileSync(new URL("registry.lua", import.meta.url), "utf8");
const whoFills = "redis.call('GET', KEYS[1] .. 'filling')";

/** The registry no longer knows what it had claimed (Redis was emptied or lost its last second). */
export class RegistryLost extends Error {
  override name = "RegistryLost";
}

export interface Claim {
  /** Names the filling of Redis that the claim is part of; with it the claim is lost. See `holds`. */
  fill: string;
  /** Position in the list of ids that are duplicates, ascending. */
  duplicates: Set<number>;
  /**
   * The registry knows every id that arrived since then (epoch ms); an event that happened before may have been
   * counted by a part that is forgotten, which only ClickHouse can tell.
   */
  completeSinceMs: number;
}

export interface ClaimRequest {
  kind: EventKind;
  partition: number;
  /** Kafka time of the batch's first message: chooses the generation. */
  batchTimeMs: number;
  /** Highest offset of the partition claimed before as far as the caller knows, -1 for none, -2 while rebuilding. */
  claimedBefore: number;
  lastOffset: number;
  ids: { source: string; id: string; offset: number }[];
}

/** (source, event id) → the position that first carried it. The only owner of the registry's keys. */
export class DuplicateRegistry {
  readonly #redis: Redis;
  readonly #base: string;
  /** Names the filling that this process began. */
  #filling = "";
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#base = `${prefix}{registry}:`;
  }

  /**
   * Claims the ids of one batch for its positions. The same batch may claim again: its own positions are no duplicates.
   * @throws RegistryLost where Redis holds less than was claimed before.
   */
  async claim(request: ClaimRequest): Promise<Claim> {
    const duplicates = new Set<number>();
    const position = positionOf(request.kind, request.partition);
    const generation = Math.floor(request.batchTimeMs / generationMs);
    let completeSinceMs = 0;
    let fill: string | undefined;
    for (let start = 0; start === 0 || start < request.ids.length; start += idsACall) {
      const part = request.ids.slice(start, start + idsACall);
      const lastPart = start + idsACall >= request.ids.length;
      const reply = (await this.#redis.eval(
        script,
        1,
        this.#base,
        generation,
        position,
        // Only the last part may move the mark: a crash between parts must not look like a finished batch.
        lastPart ? request.lastOffset : -1,
        request.claimedBefore,
        part.map(({ source, id, offset }) => placeOf(source, id) + offset.toString(36).padStart(8, "0")).join(""),
      )) as [string | 0, number, number, ...number[]];
      const [partFill, newest, first, ...numbers] = reply;
      fill ??= partFill || "";
      if (partFill !== fill) throw new RegistryLost("the duplicates registry in Redis lost ids");
      for (const number of numbers) duplicates.add(start + number);
      if (first < newest - 1) completeSinceMs = (newest - 1) * generationMs;
    }
    return { fill: fill ?? "", duplicates, completeSinceMs };
  }

  /** @returns false where Redis lost what was claimed in that filling, or is being filled now. */
  async holds(fill: string): Promise<boolean> {
    return (await this.#redis.hget(`${this.#base}span`, "whole")) === fill;
  }

  /**
   * From here on claims of workers answer RegistryLost until `endRebuild`: what is half filled must decide nothing.
   * Whoever fills says so by `keepRebuild` from time to time.
   * @param forgotten whether events arrived before the window that is about to be filled.
   * @returns false where another process fills it now; then nothing was changed.
   */
  async beginRebuild(nowMs: number, forgotten: boolean): Promise<boolean> {
    const newest = Math.floor(nowMs / generationMs);
    const filling = randomUUID();
    const began = await this.#redis.eval(
      `if ${whoFills} then return 0 end
       redis.call('SET', KEYS[1] .. 'filling', ARGV[1], 'PX', ARGV[2])
       redis.call('HDEL', KEYS[1] .. 'span', 'whole')
       redis.call('HSET', KEYS[1] .. 'span', 'first', ARGV[4])
       local newest = tonumber(redis.call('HGET', KEYS[1] .. 'span', 'newest'))
       -- An older one stays until the next claim, which forgets what is too old.
       if not newest or newest > tonumber(ARGV[3]) then redis.call('HSET', KEYS[1] .. 'span', 'newest', ARGV[3]) end
       return 1`,
      1,
      this.#base,
      filling,
      fillingMs,
      newest,
      forgotten ? -1 : newest,
    );
    if (began !== 1) return false;
    this.#filling = filling;
    return true;
  }

  async isBeingRebuilt(): Promise<boolean> {
    return (await this.#redis.exists(`${this.#base}filling`)) === 1;
  }

  /** @throws RegistryLost where Redis was emptied again, or another process took over. */
  async keepRebuild(): Promise<void> {
    const kept = await this.#redis.eval(
      `if ${whoFills} ~= ARGV[1] then return 0 end
       return redis.call('PEXPIRE', KEYS[1] .. 'filling', ARGV[2])`,
      1,
      this.#base,
      this.#filling,
      fillingMs,
    );
    if (kept !== 1) throw new RegistryLost("Redis lost what was filled in");
  }

  /**
   * @param highest highest stored offset by kind and partition.
   * @throws RegistryLost where Redis was emptied again, or another process took over.
   */
  async endRebuild(highest: { kind: EventKind; partition: number; offset: number }[]): Promise<void> {
    const ended = await this.#redis.eval(
      `if ${whoFills} ~= ARGV[1] then return 0 end
       for i = 2, #ARGV, 2 do
         local known = tonumber(redis.call('HGET', KEYS[1] .. 'high', ARGV[i]) or '-1')
         if tonumber(ARGV[i + 1]) > known then redis.call('HSET', KEYS[1] .. 'high', ARGV[i], ARGV[i + 1]) end
       end
       redis.call('HSET', KEYS[1] .. 'span', 'whole', ARGV[1])
       redis.call('DEL', KEYS[1] .. 'filling')
       return 1`,
      1,
      this.#base,
      this.#filling,
      ...highest.flatMap(({ kind, partition, offset }) => [positionOf(kind, partition), offset]),
    );
    if (ended !== 1) throw new RegistryLost("Redis lost what was filled in");
  }
}

const positionOf = (kind: EventKind, partition: number): string => `${kind[0]}${partition}:`;

/**
 * Bucket (3 characters) and field (12) of an id, by 84 bits of its SHA-1: with a thousand million ids the chance of any
 * collision is 3 in 100,000.
 */
function placeOf(source: string, id: string): string {
  const digest = hash("sha1", `${source}\0${id}`, "base64url");
  return digest.slice(0, 2) + (digest.charCodeAt(2) & 15).toString(16) + digest.slice(2, 14);
}

/** How far back ClickHouse has to be read to fill the registry again. */
export function registryWindowStartMs(nowMs: number): number {
  return (Math.floor(nowMs / generationMs) - 1) * generationMs;
}
