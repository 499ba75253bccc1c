import { type ClickHouse, ClickHouseError } from "@keypulse/engines";
import { type Condition, queryOf } from "@keypulse/segments";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";

const instant = z.iso.datetime();

export const previewSchema = z.object({
  clients: z.number().int().describe("So many the condition holds for now"),
  examples: z
    .array(
      z.object({ client_id: z.uuid(), name: z.string(), revenue_365d: z.number(), last_order: instant.nullable() }),
    )
    .describe("Twenty of them, those with most revenue of a year first"),
});
export const membersSchema = z.object({
  members: z.array(z.object({ client_id: z.uuid(), name: z.string(), since: instant })),
  next: z.string().nullable().describe("For `after`; null at the end"),
});
export const sizesSchema = z.object({
  sizes: z.array(
    z.object({ at: instant, clients: z.number().int(), entered: z.number().int(), left: z.number().int() }),
  ),
});
export type Preview = z.infer<typeof previewSchema>;

const examplesShown = 20;

/**
 * Runs a condition with the rights and limits of the analyst. @param analyst ClickHouse as the analyst
 * @throws ApiFault 400 with ClickHouse's words where it can't be run
 */
export async function previewCondition(analyst: ClickHouse, condition: Condition): Promise<Preview> {
  const { query, parameters } = queryOf(condition, [
    "client_id",
    "name",
    "toFloat64(revenue_365d) AS revenue",
    "last_order",
  ]);
  try {
    const rows = await readRows<
      z.infer<typeof previewSchema>["examples"][number] & { revenue: number; clients: number }
    >(
      analyst,
      `SELECT *, toUInt32(count() OVER ()) AS clients FROM (${query}) ORDER BY revenue DESC, client_id LIMIT ${examplesShown}`,
      parameters,
    );
    const examples = rows.map(({ client_id, name, revenue, last_order }) => ({
      client_id,
      name,
      revenue_365d: revenue,
      last_order,
    }));
    return { clients: rows[0]?.clients ?? 0, examples };
  } catch (error) {
    if (!(error instanceof ClickHouseError)) throw error;
    const words = error.message
      .replace(/\s+/g, " ")
      .replace(/ (In scope|in scope|while ).*$/i, "")
      .slice(0, 300);
    throw new ApiFault(400, "this condition can't be run", `condition: ${words}`);
  }
}

export async function readMembers(clickhouse: ClickHouse, segment: string, page: { after: string; limit: number }) {
  const members = await readRows<{ client_id: string; name: string; since: string }>(
    clickhouse,
    `SELECT client_id, client_name AS name, since FROM segment_members
      WHERE segment = {segment: String} AND client_id > {after: UUID} ORDER BY client_id LIMIT {limit: UInt32}`,
    { segment, ...page },
  );
  return { members, next: members.length < page.limit ? null : members.at(-1)!.client_id };
}

export async function readSizes(clickhouse: ClickHouse, segment: string, limit: number) {
  const sizes = await readRows<z.infer<typeof sizesSchema>["sizes"][number]>(
    clickhouse,
    `SELECT at, toUInt32(clients) AS clients, toUInt32(entered) AS entered, toUInt32(left) AS left FROM segment_sizes
      WHERE segment = {segment: String} ORDER BY at DESC LIMIT {limit: UInt32}`,
    { segment, limit },
  );
  return { sizes };
}

/** Clients in each segment now, by segment. */
export async function countMembers(clickhouse: ClickHouse): Promise<ReadonlyMap<string, number>> {
  const rows = await readRows<{ segment: string; clients: number }>(
    clickhouse,
    "SELECT segment, toUInt32(clients) AS clients FROM segments",
  );
  return new Map(rows.map(({ segment, clients }) => [segment, clients]));
}

async function readRows<T>(
  clickhouse: ClickHouse,
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<T[]> {
  const result = await clickhouse.query({
    query,
    query_params: parameters,
    format: "JSONEachRow",
    clickhouse_settings: { date_time_output_format: "iso" },
  });
  return await result.json<T>();
}
