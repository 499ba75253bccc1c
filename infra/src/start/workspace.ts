import { ClickHouseError, connectClickHouse } from "@keypulse/engines";
import { type Environment, readConnections } from "./connections.ts";

/** Of the demonstration's data. */
const demonstration = { timezone: "Europe/London", currency: "GBP", country: "GB" };

/**
 * The workspace's settings as variables: what the environment says, else what the store was made for, else the
 * demonstration's (and without it what services take by themselves).
 */
export async function chooseWorkspace(environment: Environment, demo: boolean): Promise<Record<string, string>> {
  const stored = await storedWorkspace(environment);
  const wanted = {
    WORKSPACE_TIMEZONE:
      environment.WORKSPACE_TIMEZONE || stored?.timezone || (demo ? demonstration.timezone : undefined),
    WORKSPACE_CURRENCY:
      environment.WORKSPACE_CURRENCY || stored?.currency || (demo ? demonstration.currency : undefined),
    WORKSPACE_COUNTRY: environment.WORKSPACE_COUNTRY || (demo ? demonstration.country : undefined),
  };
  return Object.fromEntries(
    Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const unknownTable = "60";
const unknownDatabase = "81";

async function storedWorkspace(environment: Environment): Promise<{ timezone: string; currency: string } | undefined> {
  const clickhouse = connectClickHouse(readConnections(environment), "keypulse-start");
  try {
    const result = await clickhouse.query({
      query: "SELECT checksum FROM schema_migrations WHERE name = 'workspace'",
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ checksum: string }>();
    return row && JSON.parse(row.checksum);
  } catch (error) {
    if (error instanceof ClickHouseError && [unknownTable, unknownDatabase].includes(error.code)) return undefined;
    throw error;
  } finally {
    await clickhouse.close();
  }
}
