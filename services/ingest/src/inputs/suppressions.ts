import type { ClickHouse, EngineLogger } from "@keypulse/engines";

/** How long a worker may take to hear of an erasure; whoever erases waits for longer. */
const refreshMs = 5_000;

/** Identifiers that were erased and must not come back, in memory; few, so that asking costs nothing. */
export class Suppressions {
  readonly #clickhouse: ClickHouse;
  readonly #logger: EngineLogger;
  #keys: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  constructor(clickhouse: ClickHouse, logger: EngineLogger) {
    this.#clickhouse = clickhouse;
    this.#logger = logger;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  get none(): boolean {
    return this.#keys.size === 0;
  }

  /** Loads them; from then on they are loaded again and again. */
  async start(): Promise<void> {
    await this.#load();
    this.#timer = setInterval(() => {
      this.#load().catch((error: Error) => this.#logger.warn({ reason: error.name }, "can't read suppressed keys"));
    }, refreshMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #load(): Promise<void> {
    const result = await this.#clickhouse.query({ query: "SELECT key FROM suppressed_keys", format: "JSONEachRow" });
    this.#keys = new Set((await result.json<{ key: string }>()).map(({ key }) => key));
  }
}
