import type { ClickHouse, Redis } from "@keypulse/engines";
import { SettingsTable } from "@keypulse/sources";
import { ApiFault } from "../domain/apiFault.ts";
import {
  defaultLimits,
  faultsOf,
  type Limits,
  type PortfolioSettings,
  portfolioKind,
  portfolioSettingsSchema,
} from "../domain/portfolioSettings.ts";
import { takeChangeLock } from "./changeLock.ts";

export interface KeptLimits {
  /** Those that somebody set. */
  readonly set: PortfolioSettings;
  /** All that count now. */
  readonly limits: Limits;
  /** 0 where nothing was ever set. */
  readonly version: number;
}

/** Limits of the portfolio as versions in ClickHouse, one change at a time; views read them with every query. */
export class PortfolioLimits {
  readonly #clickhouse: ClickHouse;
  readonly #table: SettingsTable;
  readonly #redis: Redis;
  readonly #lock: string;

  constructor(parts: { clickhouse: ClickHouse; redis: Redis; redisPrefix: string }) {
    this.#clickhouse = parts.clickhouse;
    this.#table = new SettingsTable(parts.clickhouse, portfolioKind);
    this.#redis = parts.redis;
    this.#lock = `${parts.redisPrefix}lock:portfolio`;
  }

  async get(): Promise<KeptLimits> {
    const [[stored], limits, version] = await Promise.all([
      this.#table.all(),
      this.#limits(),
      this.#table.newestVersion(portfolioKind),
    ]);
    return { set: portfolioSettingsSchema.parse(stored?.value ?? {}), limits, version };
  }

  /** Puts limits in the place of all that were set. @throws ApiFault 400, 409 */
  async put(set: PortfolioSettings, who: string, expected?: number): Promise<KeptLimits> {
    const release = await takeChangeLock(this.#redis, this.#lock);
    try {
      const before = await this.get();
      if (expected !== undefined && expected !== before.version) {
        throw new ApiFault(
          409,
          "the limits were changed by somebody else meanwhile",
          `version ${expected} was expected, ${before.version} is there: read them again`,
        );
      }
      const faults = faultsOf({ ...defaultLimits, ...(set as Partial<Limits> & PortfolioSettings) } as Limits &
        PortfolioSettings);
      if (faults.length > 0) throw new ApiFault(400, "these limits contradict each other", faults.join("; "));
      await this.#table.append(portfolioKind, before.version + 1, set, who);
    } finally {
      await release();
    }
    return await this.get();
  }

  async #limits(): Promise<Limits> {
    const result = await this.#clickhouse.query({ query: "SELECT * FROM portfolio_settings", format: "JSONEachRow" });
    return (await result.json<Limits>())[0]!;
  }
}
