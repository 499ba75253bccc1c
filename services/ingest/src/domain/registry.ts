import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { EventKind } from "@keypulse/contracts";
import type { Redis } from "@keypulse/engines";

/** Days that one generation of ids spans; the newest two are kept, so an id is remembered for 15 to 30 days. */
const generationDays = 15;
const generationMs = generationDays * 86_400_000;
const bucketSeconds = 31 * 86_400;
/** Ids a call: bounds how long Redis serves nobody else (about 10 ms). */
const idsACall = 4_000;

const script = readFileSync(new URL("registry.lua", import.meta.url), "utf8");

/** The registry no longer knows what it had claimed (Redis was emptied or lost its last second). */
export class RegistryLost extends Error {
  override name = "RegistryLost";
}

export interface Claim {
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
    for (let start = 0; start === 0 || start < request.ids.length; start += idsACall) {
      const part = request.ids.slice(start, start + idsACall);
      const lastPart = start + idsACall >= request.ids.length;
      const reply = (await this.#redis.eval(
        script,
        1,
        this.#base,
        generation,
        bucketSeconds,
        position,
        // Only the last part may move the mark: a crash between parts must not look like a finished batch.
        lastPart ? request.lastOffset : -1,
        request.claimedBefore,
        part.map(({ source, id, offset }) => fingerprint(source, id) + offset.toString(36).padStart(8, "0")).join(""),
      )) as number[];
      if (reply[0] === 0) throw new RegistryLost("the duplicates registry in Redis lost ids");
      const [, newest, first, ...numbers] = reply as [number, number, number, ...number[]];
      for (const number of numbers) duplicates.add(start + number);
      if (first < newest - 1) completeSinceMs = (newest - 1) * generationMs;
    }
    return { duplicates, completeSinceMs };
  }

  /**
   * From here on claims of workers answer RegistryLost until `endRebuild`: what is half filled must decide nothing.
   * @param forgotten whether events arrived before the window that is about to be filled.
   */
  async beginRebuild(nowMs: number, forgotten: boolean): Promise<void> {
    const newest = Math.floor(nowMs / generationMs);
    await this.#redis
      .multi()
      .hdel(`${this.#base}span`, "whole")
      .hset(`${this.#base}span`, { newest, first: forgotten ? -1 : newest })
      .exec();
  }

  /** @param highest highest stored offset by kind and partition. */
  async endRebuild(highest: { kind: EventKind; partition: number; offset: number }[]): Promise<void> {
    const end = this.#redis.multi();
    for (const { kind, partition, offset } of highest) end.hset(`${this.#base}high`, positionOf(kind, partition), offset);
    await end.hset(`${this.#base}span`, "whole", 1).exec();
  }
}

const positionOf = (kind: EventKind, partition: number): string => `${kind[0]}${partition}:`;

/** 14 characters (84 bits) of the SHA-1: with a thousand million ids the chance of any collision is 3 in 100,000. */
function fingerprint(source: string, id: string): string {
  return hash("sha1", `${source}\0${id}`, "base64url").slice(0, 14);
}

/** How far back ClickHouse has to be read to fill the registry again. */
export function registryWindowStartMs(nowMs: number): number {
  return (Math.floor(nowMs / generationMs) - 1) * generationMs;
}
