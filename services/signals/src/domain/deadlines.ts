import type { Redis } from "@keypulse/engines";

/** Member of the set that stands for an evaluation of all clients. */
export const everybody = "everybody";

const leaseMs = 60_000;
const claimScript = `
  -- KEYS[1] deadlines; ARGV[1] now, ARGV[2] end of the lease, ARGV[3] how many at most
  local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
  for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
  return due`;

/**
 * When to look at whom again: a sorted set, about 110 bytes a client. What is taken comes back after a minute unless
 * its next deadline was set, so a worker that is killed loses nothing.
 */
export class Deadlines {
  readonly #redis: Redis;
  readonly #key: string;
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#key = `${prefix}{signals}:deadlines`;
  }

  async takeDue(nowMs: number, most: number): Promise<string[]> {
    return (await this.#redis.eval(claimScript, 1, this.#key, nowMs, nowMs + leaseMs, most)) as string[];
  }

  /** Sets each member's next deadline; undefined takes it out of the set. */
  async set(deadlines: Iterable<readonly [member: string, ms: number | undefined]>): Promise<void> {
    const add: (string | number)[] = [];
    const remove: string[] = [];
    for (const [member, ms] of deadlines) {
      if (ms === undefined) remove.push(member);
      else add.push(Math.ceil(ms), member);
    }
    for (let i = 0; i < add.length; i += 10_000) await this.#redis.zadd(this.#key, ...add.slice(i, i + 10_000));
    for (let i = 0; i < remove.length; i += 10_000) await this.#redis.zrem(this.#key, ...remove.slice(i, i + 10_000));
  }

  /**
   * Sets the next deadline of what was taken as of a time, unless it was asked for anew or Redis was emptied meanwhile:
   * then what was set before is gone too, and it has to be done again.
   */
  async finish(member: string, takenAsOfMs: number, nextMs: number): Promise<void> {
    await this.#redis.eval(
      `local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
       if score and tonumber(score) > tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1]) end`,
      1,
      this.#key,
      member,
      takenAsOfMs,
      Math.ceil(nextMs),
    );
  }

  async has(member: string): Promise<boolean> {
    return (await this.#redis.zscore(this.#key, member)) !== null;
  }

  async count(): Promise<number> {
    return await this.#redis.zcard(this.#key);
  }
}
