import type { ClickHouse } from "@keypulse/engines";

/** The segment of each client that has one, by id. */
export type ReadSegments = () => Promise<ReadonlyMap<string, string>>;

/** @param by which short field of the dossier tells segments of clients apart */
export function createReadSegments(clickhouse: ClickHouse, by: "industry" | "region" | "size" | "none"): ReadSegments {
  if (by === "none") return async () => new Map();
  return async () => {
    const result = await clickhouse.query({
      query: `SELECT client_id, s.${by} AS segment FROM client_said AS s WHERE s.${by} != ''`,
      format: "JSONEachRow",
    });
    const rows = await result.json<{ client_id: string; segment: string }>();
    return new Map(rows.map(({ client_id, segment }) => [client_id, segment]));
  };
}
