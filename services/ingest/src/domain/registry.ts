import { hash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { EventKind } from "@keypulse/contracts";
import type { Redis } from "@keypulse/engines";
import type { Decision } from "./decision.ts";

/** Days that one generation of ids spans; the newest two are kept, so an id is remembered for 15 to 30 days. */
const generationDays = 15;
const generationMs = generationDays * 86_400_000;
/** Ids a call: bounds how long Redis serves nobody else (about 10 ms). */
const idsACall = 4_000;

/** A process that fills the registry and is silent for so long has died. */
const fillingMs = 30_000;

/**
 * `runOf` names the process of Redis and how often it took keys away for want of memory: after either changed, ids may be
 * missing. `mayEvict` says by which policy it may do so. `wholeFill` names the filling that holds all, false where there is none: the name that
 * was given at its end and the process that is known to have kept it.
 */
const fills = `local function runOf()
  local run = string.sub(string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'), 1, 12)
  return run .. '-' .. string.match(redis.call('INFO', 'stats'), 'evicted_keys:(%d+)')
end
local function mayEvict()
  local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)')
  return policy ~= 'noeviction' and policy
end
local function wholeFill(base)
  local whole, run = unpack(redis.call('HMGET', base .. 'span', 'whole', 'run'))
  return whole and run == runOf() and whole .. '@' .. run
end
`;
const claimScript = fills + readFileSync(new URL("registry.lua", import.meta.url), "utf8");
/** Whether the process that ARGV[1] names fills, on the Redis that it began on. */
const isFilling = "redis.call('GET', KEYS[1] .. 'filling') == ARGV[1] .. '@' .. runOf()";
const keepDecided = `local function keepDecided(names)
  for name in string.gmatch(names, '[^ ]+') do redis.call('SADD', KEYS[1] .. 'kept', name) end
end
`;

/** The registry no longer knows what it had claimed (Redis was emptied or lost its last second). */
export class RegistryLost extends Error {
  override name = "RegistryLost";
}

/** Redis may take keys away by itself: what it knows must decide nothing. */
export class RegistryMayForget extends Error {
  override name = "RegistryMayForget";
  constructor(policy: string) {
    super(`${policyFault(policy)}; nothing is claimed until then`);
  }
}
const policyFault = (policy: string): string =>
  `Redis may evict keys (maxmemory-policy ${policy}), by which events would count twice: set it to noeviction`;

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
  /** Of the topic; positions of another one are others. */
  life: number;
  partition: number;
  /** Kafka time of the batch's first message: chooses the generation. */
  batchTimeMs: number;
  /** Highest offset of the partition claimed before as far as the caller knows, -1 for none, -2 while rebuilding. */
  claimedBefore: number;
  lastOffset: number;
  ids: { source: string; id: string; offset: number }[];
}

/** Where the group stands on a partition: `offset` and all before it was claimed. */
export interface ClaimedPosition {
  kind: EventKind;
  life: number;
  partition: number;
  offset: number;
}

/** A range whose decision is kept with the group's position. */
export interface DecidedRange {
  kind: EventKind;
  life: number;
  partition: number;
  first: number;
  last: number;
  decision: Decision;
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
   * @throws RegistryMayForget where Redis is set up to lose keys.
   */
  async claim(request: ClaimRequest): Promise<Claim> {
    const duplicates = new Set<number>();
    const position = positionOf(request);
    const generation = Math.floor(request.batchTimeMs / generationMs);
    let completeSinceMs = 0;
    let fill: string | undefined;
    for (let start = 0; start === 0 || start < request.ids.length; start += idsACall) {
      const part = request.ids.slice(start, start + idsACall);
      const lastPart = start + idsACall >= request.ids.length;
      const reply = (await this.#redis.eval(
        claimScript,
        1,
        this.#base,
        generation,
        position,
        // Only the last part may move the mark: a crash between parts must not look like a finished batch.
        lastPart ? request.lastOffset : -1,
        request.claimedBefore,
        part.map(({ source, id, offset }) => placeOf(source, id) + offset.toString(36).padStart(8, "0")).join(""),
      )) as [string | 0 | -1, string | number, number, ...number[]];
      if (reply[0] === -1) throw new RegistryMayForget(String(reply[1]));
      const [partFill, newest, first, ...numbers] = reply as [string | 0, number, number, ...number[]];
      fill ??= partFill || "";
      if (partFill !== fill) throw new RegistryLost("the duplicates registry in Redis lost ids");
      for (const number of numbers) duplicates.add(start + number);
      if (first < newest - 1) completeSinceMs = (newest - 1) * generationMs;
    }
    return { fill: fill ?? "", duplicates, completeSinceMs };
  }

  /** @returns why nothing may be claimed, for people; undefined where all is well */
  async fault(): Promise<string | undefined> {
    const policy = await this.#run("-- may Redis forget", "return mayEvict()");
    return policy === null ? undefined : policyFault(String(policy));
  }

  /** @returns false where Redis lost what was claimed in that filling, or is being filled now. */
  async holds(fill: string): Promise<boolean> {
    return (await this.#run("-- does the claim hold", "return wholeFill(KEYS[1])")) === fill;
  }

  /**
   * Notes that all that a range writes to Redis is written: a Redis that was started again and knows this has lost
   * nothing of the range.
   * @returns false where Redis lost what was claimed in that filling.
   */
  async seal(fill: string, { kind, life, partition, offset }: ClaimedPosition): Promise<boolean> {
    const sealed = await this.#run(
      "-- seal a range",
      `if wholeFill(KEYS[1]) ~= ARGV[1] then return 0 end
       local known = tonumber(redis.call('HGET', KEYS[1] .. 'sealed', ARGV[2]) or '-1')
       if tonumber(ARGV[3]) > known then redis.call('HSET', KEYS[1] .. 'sealed', ARGV[2], ARGV[3]) end
       return 1`,
      fill,
      positionOf({ kind, life, partition }),
      offset,
    );
    return sealed === 1;
  }

  /**
   * Whether what was decided about a range before holds in what Redis knows now: it was decided in this filling, or was
   * filled in. Whoever decides looks after keeping the decision whether its filling is still there, and only then
   * stores; so one that a later filling did not read was never stored and may be decided anew.
   * @returns the filling that it is part of now, undefined where it is to be decided anew
   * @throws RegistryLost where Redis has to be filled first
   */
  async standsIn(range: DecidedRange): Promise<string | undefined> {
    const [fill, stands] = (await this.#run(
      "-- does the decision stand",
      `local fill = wholeFill(KEYS[1])
       if not fill then return {'', 0} end
       return {fill, (fill == ARGV[1] or redis.call('SISMEMBER', KEYS[1] .. 'kept', ARGV[2]) == 1) and 1 or 0}`,
      range.decision.fill,
      nameOf(range),
    )) as [string, number];
    if (fill === "") throw new RegistryLost("Redis does not know what is stored");
    return stands === 1 ? fill : undefined;
  }

  /**
   * Redis was started again and may have lost its last second. Where it holds all that was claimed up to the group's
   * positions, what it knows is whole as before.
   * @returns false where it has to be filled.
   */
  async revive(claimed: readonly ClaimedPosition[], decided: readonly DecidedRange[]): Promise<boolean> {
    const revived = await this.#run(
      "-- revive",
      `${keepDecided}
       local whole, run = unpack(redis.call('HMGET', KEYS[1] .. 'span', 'whole', 'run'))
       if not whole or mayEvict() then return 0 end
       -- A hole is seen by no mark: where keys were taken away since, all has to be filled.
       local evicted = string.match(runOf(), '-(%d+)$')
       if evicted ~= '0' and run ~= runOf() then return 0 end
       for i = 2, #ARGV, 2 do
         for _, hash in ipairs({'high', 'sealed'}) do
           local known = tonumber(redis.call('HGET', KEYS[1] .. hash, ARGV[i]) or '-1')
           if known < tonumber(ARGV[i + 1]) then return 0 end
         end
       end
       -- Added to those of others who looked a moment before: what was taken for decided once stays so.
       keepDecided(ARGV[1])
       redis.call('HSET', KEYS[1] .. 'span', 'run', runOf())
       return 1`,
      decided.map(nameOf).join(" "),
      ...claimed.flatMap((position) => [positionOf(position), position.offset]),
    );
    return revived === 1;
  }

  /**
   * From here on claims of workers answer RegistryLost until `endRebuild`: what is half filled must decide nothing.
   * Whoever fills says so by `keepRebuild` from time to time.
   * @param forgotten whether events arrived before the window that is about to be filled.
   * @returns false where another process fills it now; then nothing was changed.
   */
  async beginRebuild(nowMs: number, forgotten: boolean): Promise<boolean> {
    const newest = Math.floor(nowMs / generationMs);
    const filling = randomBytes(6).toString("hex");
    const began = await this.#run(
      "-- begin to fill",
      `if redis.call('EXISTS', KEYS[1] .. 'filling') == 1 then return 0 end
       redis.call('SET', KEYS[1] .. 'filling', ARGV[1] .. '@' .. runOf(), 'PX', ARGV[2])
       redis.call('HDEL', KEYS[1] .. 'span', 'whole')
       redis.call('DEL', KEYS[1] .. 'kept')
       redis.call('HSET', KEYS[1] .. 'span', 'first', ARGV[4])
       local newest = tonumber(redis.call('HGET', KEYS[1] .. 'span', 'newest'))
       -- An older one stays until the next claim, which forgets what is too old.
       if not newest or newest > tonumber(ARGV[3]) then redis.call('HSET', KEYS[1] .. 'span', 'newest', ARGV[3]) end
       return 1`,
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

  /** @throws RegistryLost where Redis was emptied or started again, or another process took over. */
  async keepRebuild(): Promise<void> {
    const kept = await this.#run(
      "-- keep filling",
      `if not (${isFilling}) then return 0 end
       return redis.call('PEXPIRE', KEYS[1] .. 'filling', ARGV[2])`,
      this.#filling,
      fillingMs,
    );
    if (kept !== 1) throw new RegistryLost("Redis lost what was filled in");
  }

  /**
   * @param claimed where the group stood when the filling began.
   * @param decided ranges that were decided by then; their claims are filled in.
   * @throws RegistryLost where Redis was emptied or started again, or another process took over.
   */
  async endRebuild(claimed: readonly ClaimedPosition[], decided: readonly DecidedRange[]): Promise<void> {
    const ended = await this.#run(
      "-- end of filling",
      `${keepDecided}
       if not (${isFilling}) then return 0 end
       keepDecided(ARGV[2])
       for i = 3, #ARGV, 2 do
         for _, hash in ipairs({'high', 'sealed'}) do
           local known = tonumber(redis.call('HGET', KEYS[1] .. hash, ARGV[i]) or '-1')
           if tonumber(ARGV[i + 1]) > known then redis.call('HSET', KEYS[1] .. hash, ARGV[i], ARGV[i + 1]) end
         end
       end
       redis.call('HSET', KEYS[1] .. 'span', 'whole', ARGV[1], 'run', runOf())
       redis.call('DEL', KEYS[1] .. 'filling')
       return 1`,
      this.#filling,
      decided.map(nameOf).join(" "),
      ...claimed.flatMap((position) => [positionOf(position), position.offset]),
    );
    if (ended !== 1) throw new RegistryLost("Redis lost what was filled in");
  }

  /** @param name a comment, by which the script is known to who watches Redis */
  #run(name: string, script: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#redis.eval(`${name}\n${fills}${script}`, 1, this.#base, ...args);
  }
}

const nameOf = ({ first, last, decision, ...place }: DecidedRange): string =>
  `${positionOf(place)}${first}-${last};${decision.fill}`;

const positionOf = ({ kind, life, partition }: Omit<ClaimedPosition, "offset">): string =>
  `${kind[0]}${life === 1 ? "" : `${life}.`}${partition}:`;

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
