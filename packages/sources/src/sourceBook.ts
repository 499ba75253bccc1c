import { type AnyConnector, connectorNamed } from "@keypulse/connectors";
import { type ClickHouse, type EngineLogger, type Redis, within } from "@keypulse/engines";
import { hashSecret, isValid, openSecret } from "./secrets.ts";
import { SettingsTable } from "./settingsTable.ts";
import { type Source, sourceSchema } from "./source.ts";

/** A source as those who work with its requests need it. */
export interface OpenSource {
  source: Source;
  /** Version of the setting that it was read from. */
  version: number;
  /** Absent for sources that write to Kafka themselves. */
  connector: AnyConnector | undefined;
  /** The connector's settings, read by its schema. */
  settings: Record<string, unknown>;
  /** Valid secrets in plain text, newest first; of write keys there are none. */
  secrets(nowMs: number): string[];
}

/** Channel of Redis that rings when a source was changed. */
export const sourcesBell = (prefix: string): string => `${prefix}bell:sources`;

const rereadMs = 30_000;
const heardWithinMs = 2_000;

/**
 * All sources, kept fresh: read again when Redis rings, and every 30 seconds in case it did not. While ClickHouse is
 * away the last known ones serve.
 */
export class SourceBook {
  readonly #table: SettingsTable;
  readonly #secretKey: string;
  readonly #logger: EngineLogger;
  #byId = new Map<string, OpenSource>();
  #byKeyHash = new Map<string, OpenSource>();
  #timer: NodeJS.Timeout | undefined;
  #bell: Redis | undefined;
  #reading: Promise<void> | undefined;

  constructor(clickhouse: ClickHouse, secretKey: string, logger: EngineLogger) {
    this.#table = new SettingsTable(clickhouse, "source");
    this.#secretKey = secretKey;
    this.#logger = logger;
  }

  /** Reads all and keeps them fresh. @throws Error of ClickHouse where the first reading fails */
  async open(redis: Redis, prefix: string): Promise<void> {
    // `open` is called again where the first reading failed.
    if (this.#bell === undefined) {
      const bell = redis.duplicate();
      this.#bell = bell;
      bell.on("message", () => this.#readAgain());
      // What rang while the connection was lost was not heard.
      bell.on("ready", () => this.#readAgain());
      bell.on("error", () => {});
      // Heard before it is read, so that no change falls between; Redis being away must not keep us from starting.
      await within(heardWithinMs, bell.subscribe(sourcesBell(prefix)), "Redis is away").catch(() => {});
    }
    await this.read();
    this.#timer ??= setInterval(() => this.#readAgain(), rereadMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#bell?.disconnect();
  }

  byId(id: string): OpenSource | undefined {
    return this.#byId.get(id);
  }

  /** The source whose valid secret this is. Looked up by hash, so that time tells nothing about a near miss. */
  bySecret(secret: string, nowMs: number): OpenSource | undefined {
    const hash = hashSecret(secret);
    const found = this.#byKeyHash.get(hash);
    return found?.source.secrets.some((stored) => stored.hash === hash && isValid(stored, nowMs)) ? found : undefined;
  }

  all(): OpenSource[] {
    return [...this.#byId.values()];
  }

  /** One reading at a time; whoever asks meanwhile gets the one that follows. */
  async read(): Promise<void> {
    const before = this.#reading;
    const reading = (async () => {
      await before?.catch(() => {});
      const byId = new Map<string, OpenSource>();
      const byKeyHash = new Map<string, OpenSource>();
      for (const { id, version, value } of await this.#table.all()) {
        const open = this.#openSource(id, version, value);
        if (open === undefined) continue;
        byId.set(id, open);
        for (const { hash } of open.source.secrets) byKeyHash.set(hash, open);
      }
      this.#byId = byId;
      this.#byKeyHash = byKeyHash;
    })();
    this.#reading = reading;
    await reading;
  }

  #readAgain(): void {
    this.read().catch((error: Error) => this.#logger.warn({ reason: error.message }, "sources can't be read again"));
  }

  #openSource(id: string, version: number, value: unknown): OpenSource | undefined {
    const parsed = sourceSchema.safeParse(value);
    const connector = parsed.success ? connectorNamed(parsed.data.connector) : undefined;
    const settings = connector?.settings.safeParse(parsed.data?.settings);
    if (!parsed.success || settings?.success === false) {
      this.#logger.warn({ source: id }, "a source's settings can't be read: it is left out");
      return undefined;
    }
    const source = parsed.data;
    return {
      source,
      version,
      connector,
      settings: settings?.data ?? {},
      secrets: (nowMs) =>
        source.secrets
          .filter((secret) => secret.sealed !== undefined && isValid(secret, nowMs))
          .map((secret) => openSecret(secret.sealed!, this.#secretKey, id)),
    };
  }
}
