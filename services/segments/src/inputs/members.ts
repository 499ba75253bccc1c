import { type ClickHouse, ClickHouseError } from "@keypulse/engines";
import { queryOf, type Segment } from "@keypulse/segments";

/** What a condition holds for, or ClickHouse's own words why it can't be told: a column that is gone, a limit. */
export type Found = { ids: Set<string> } | { fault: string };

/** @param analyst ClickHouse as the analyst, so that a condition reads and takes no more than the analyst may */
export function createFindMembers(analyst: ClickHouse) {
  return async ({ condition }: Segment): Promise<Found> => {
    const { query, parameters } = queryOf(condition);
    try {
      const result = await analyst.query({ query, query_params: { ...parameters }, format: "JSONCompactEachRow" });
      const rows = await result.json<[string]>();
      return { ids: new Set(rows.map(([id]) => id)) };
    } catch (error) {
      if (error instanceof ClickHouseError) return { fault: `${error.type ?? "error"} (${error.code})` };
      throw error;
    }
  };
}
