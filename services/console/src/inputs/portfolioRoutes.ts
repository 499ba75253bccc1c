import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import { portfolioReports, reportNames } from "../domain/portfolioReports.ts";
import { portfolioLimitsSchema, portfolioSettingsSchema } from "../domain/portfolioSettings.ts";
import type { KeptLimits, PortfolioLimits } from "../outputs/portfolioLimits.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import { faults } from "./sourceRoutes.ts";

const cell = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))]);
const tableSchema = z.array(z.record(z.string(), cell));
type Row = z.infer<typeof tableSchema>[number];
const reportSchema = z.object({
  report: z.enum(reportNames),
  title: z.string(),
  as_of: z.iso.date(),
  since: z.iso.date().optional(),
  rows: tableSchema,
});
const lossSchema = z.object({
  as_of: z.iso.date(),
  clients: z.array(z.guid()),
  after: tableSchema.describe("One row: what they make, and how concentrated it would be"),
  months: tableSchema.describe("The twelve months after, as those a year before"),
});
export type LossReport = z.infer<typeof lossSchema>;
export type PortfolioReport = z.infer<typeof reportSchema>;
const limitsSchema = z.object({
  version: z.number().int().describe("For If-Match; 0 where nothing was ever set"),
  set: portfolioSettingsSchema.describe("Those that somebody set"),
  limits: portfolioLimitsSchema.describe("All that count now"),
});
export type ShownLimits = z.infer<typeof limitsSchema>;
const day = z.iso.date("must be a day, such as 2026-10-31");

/** The portfolio: its reports as of any day, and its limits. */
export function servePortfolio(
  server: ApiServer,
  { clickhouse, limits }: { clickhouse: ClickHouse; limits: PortfolioLimits },
): void {
  const ask = async <T>(query: string, query_params: Record<string, unknown>): Promise<T[]> => {
    const answer = await clickhouse.query({
      query,
      query_params,
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_decimals: 0 },
    });
    return await answer.json<T>();
  };
  const daysOf = async (asked: { as_of?: string | undefined; since?: string | undefined }) => {
    const [days] = await ask<{ as_of: string; since: string }>(
      `SELECT coalesce(toDateOrNull({as_of: String}), today) AS as_of,
        coalesce(toDateOrNull({since: String}), addMonths(as_of, -1)) AS since FROM workspace`,
      { as_of: asked.as_of ?? "", since: asked.since ?? "" },
    );
    return days!;
  };

  server.get(
    "/v1/portfolio/reports/:report",
    {
      schema: {
        operationId: "reportPortfolio",
        summary: "One report of the portfolio, as of today or of any day; the same as its views in SQL",
        params: z.object({ report: z.enum(reportNames, `must be one of ${reportNames.join(", ")}`) }),
        querystring: z.object({
          as_of: day.optional().describe("Default today in the workspace's time zone"),
          since: day.optional().describe("For moves: the day to compare with; default a month before"),
          limit: z.coerce.number().int().min(1).max(10_000).default(100),
        }),
        response: { 200: reportSchema, ...faults },
      },
    },
    async ({ params: { report }, query }) => {
      const { as_of, since } = await daysOf(query);
      if (since >= as_of)
        throw new ApiFault(400, "these days can't be compared", `since: ${since} must be before ${as_of}`);
      const { title, sql } = portfolioReports[report];
      const rows = await ask<Row>(sql, { as_of, since, limit: query.limit });
      return { report, title, as_of, ...(sql.includes("{since") && { since }), rows };
    },
  );

  server.get(
    "/v1/portfolio/what-if",
    {
      schema: {
        operationId: "loseClients",
        summary: "What if these clients left, with the companies below them",
        querystring: z.object({
          clients: z
            .string()
            .transform((list) => list.split(","))
            .pipe(z.array(z.guid("must be ids of clients with commas between")).min(1).max(100)),
          as_of: day.optional().describe("Default today in the workspace's time zone"),
        }),
        response: { 200: lossSchema, ...faults },
      },
    },
    async ({ query }) => {
      const { as_of } = await daysOf(query);
      const clients = query.clients.map((id) => id.toLowerCase());
      const of = (view: string): string =>
        `SELECT * FROM ${view}(clients = {clients: Array(UUID)}, as_of = {as_of: Date})`;
      const [after, months] = await Promise.all([
        ask<Row>(of("portfolio_after_loss_at"), { clients, as_of }),
        ask<Row>(`${of("portfolio_without_at")} ORDER BY month`, { clients, as_of }),
      ]);
      return { as_of, clients, after, months };
    },
  );

  const shown = ({ set, limits: all, version }: KeptLimits): ShownLimits => ({ version, set, limits: all });
  server.get(
    "/v1/portfolio/settings",
    {
      schema: {
        operationId: "showPortfolioSettings",
        summary: "Limits of the portfolio",
        response: { 200: limitsSchema, ...faults },
      },
    },
    async (_request, reply) => {
      const kept = await limits.get();
      reply.header("etag", `"${kept.version}"`);
      return shown(kept);
    },
  );
  server.put(
    "/v1/portfolio/settings",
    {
      schema: {
        operationId: "setPortfolioSettings",
        summary: "Set limits of the portfolio, in the place of all that were set; what is not named gets its default",
        headers: changeHeaders,
        body: portfolioSettingsSchema,
        response: { 200: limitsSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const kept = await limits.put(request.body, who, expected);
      reply.header("etag", `"${kept.version}"`);
      return shown(kept);
    },
  );
}
