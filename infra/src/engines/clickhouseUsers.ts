import { createHash } from "node:crypto";
import { analystGrants } from "@keypulse/warehouse";

/** What infra/clickhouse/users.xml takes from the environment. */
export interface ClickHouseUsers {
  /** Password of `keypulse`, the user of the services. */
  readonly password: string;
  /** Password of `analyst`, who may only read. */
  readonly analystPassword: string;
  /** What the analyst may read, as GRANT statements without TO. */
  readonly analystGrants: readonly string[];
}

/** The views of the workspace's database. A view that a newer version adds is granted when the server starts again. */
export const defaultAnalystGrants = (): readonly string[] =>
  analystGrants(process.env.CLICKHOUSE_DATABASE || "keypulse");

/** Passwords from KEYPULSE_CLICKHOUSE_PASSWORD and KEYPULSE_ANALYST_PASSWORD, fit for a loopback server by default. */
export function clickhouseUsers(grants: readonly string[] = defaultAnalystGrants()): ClickHouseUsers {
  return {
    password: process.env.KEYPULSE_CLICKHOUSE_PASSWORD || "keypulse",
    analystPassword: process.env.KEYPULSE_ANALYST_PASSWORD || "analyst",
    analystGrants: grants,
  };
}

export function clickhouseUsersEnvironment(users: ClickHouseUsers): Record<string, string> {
  return {
    KEYPULSE_CLICKHOUSE_PASSWORD_SHA256: sha256(users.password),
    KEYPULSE_ANALYST_PASSWORD_SHA256: sha256(users.analystPassword),
    // One variable holds them all: GRANT takes a list of privileges.
    KEYPULSE_ANALYST_GRANTS: `GRANT ${users.analystGrants.map((grant) => grant.replace(/^\s*GRANT\s+/i, "")).join(", ")}`,
  };
}

export function clickhouseUrl(address: string, user: string, password: string): string {
  const url = new URL(`http://${address}`);
  url.username = user;
  url.password = encodeURIComponent(password);
  return url.href.replace(/\/$/, "");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
