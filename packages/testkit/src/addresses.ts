/** Where the engines of a test run answer. */
export interface EngineAddresses {
  /** `host:port` list. */
  readonly kafkaBrokers: string;
  /** With the services' user and password. */
  readonly clickhouseUrl: string;
  /** The same server as the analyst, who may read every database that starts with `kp_`. */
  readonly analystUrl: string;
  readonly redisUrl: string;
}

/** What the analyst may read in tests: every world's database is called `kp_…`. */
export const testAnalystGrants = ["GRANT SELECT ON kp_*.*"] as const;

declare module "vitest" {
  export interface ProvidedContext {
    engines: EngineAddresses;
  }
}
