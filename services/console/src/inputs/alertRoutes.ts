import { type Budget, budgetSchema, budgetSetting, outcomes } from "@keypulse/contracts";
import type { ClickHouse, Redis } from "@keypulse/engines";
import { SettingsTable } from "@keypulse/sources";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import { recordOutcome } from "../outputs/alertOutcomes.ts";
import { takeChangeLock } from "../outputs/changeLock.ts";
import {
  budgetNowSchema,
  outcomeSchema,
  precisionSchema,
  readAlerts,
  readBudget,
  readPrecision,
  shownAlertSchema,
} from "./alertReading.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import { faults } from "./sourceRoutes.ts";

const params = z.object({ id: z.guid("must be the id of an alert, a UUID") });
const whoHeaders = changeHeaders.pick({ "x-keypulse-user": true });
const budgetAnswerSchema = z.object({
  budget: budgetSchema,
  version: z.number().int().describe("For If-Match; 0 where nobody has set one: then the service's settings hold"),
  detectors: z.array(budgetNowSchema).describe("Against what happened within a year"),
  precision: z.array(precisionSchema),
});
export type BudgetAnswer = z.infer<typeof budgetAnswerSchema>;

/** Alerts, what became of them, and the budget of false alarms. */
export function serveAlerts(
  server: ApiServer,
  { clickhouse, redis, redisPrefix }: { clickhouse: ClickHouse; redis: Redis; redisPrefix: string },
): void {
  const budgets = new SettingsTable(clickhouse, budgetSetting.kind);
  const budget = async (): Promise<{ budget: Budget; version: number }> => {
    const kept = (await budgets.all()).find(({ id }) => id === budgetSetting.id);
    return { budget: budgetSchema.parse(kept?.value ?? {}), version: kept?.version ?? 0 };
  };
  const answer = async (): Promise<BudgetAnswer> => {
    const [kept, detectors, precision] = await Promise.all([
      budget(),
      readBudget(clickhouse),
      readPrecision(clickhouse),
    ]);
    return { ...kept, detectors, precision };
  };

  server.get(
    "/v1/alerts",
    {
      schema: {
        operationId: "listAlerts",
        summary: "Alerts with what became of them; open ones first, most at stake first",
        querystring: z.object({
          state: z.enum(["open", "resolved"]).optional(),
          owner: z.string().max(200).optional().describe("Account manager"),
          client: z.guid().optional(),
          limit: z.coerce.number().int().min(1).max(500).default(50),
        }),
        response: { 200: z.object({ alerts: z.array(shownAlertSchema) }), ...faults },
      },
    },
    async (request) => ({ alerts: await readAlerts(clickhouse, request.query) }),
  );

  const alertOf = async (id: string) => {
    const [alert] = await readAlerts(clickhouse, { id, limit: 1 });
    if (alert === undefined) throw new ApiFault(404, `there is no alert with the id "${id}"`);
    return alert;
  };

  server.get(
    "/v1/alerts/:id",
    {
      schema: {
        operationId: "showAlert",
        summary: "One alert with all its findings and what became of it",
        params,
        response: { 200: shownAlertSchema, ...faults },
      },
    },
    async (request) => await alertOf(request.params.id),
  );

  server.put(
    "/v1/alerts/:id/outcome",
    {
      schema: {
        operationId: "recordOutcome",
        summary: "Say what became of an alert",
        description:
          "true: it was real; false: it was not; expected: known before; saved: real, and the client was kept; lost: real, and " +
          "the client left. What is recorded moves the estimate of precision, and with it likelihoods.",
        params,
        headers: whoHeaders,
        body: z.strictObject({ outcome: z.enum(outcomes), note: z.string().max(2_000).default("") }),
        response: { 200: shownAlertSchema.extend({ outcome: outcomeSchema }), ...faults },
      },
    },
    async (request) => {
      const alert = await alertOf(request.params.id);
      const { who } = readChangeHeaders(request.headers);
      const { outcome, note } = request.body;
      const now = new Date();
      await recordOutcome(clickhouse, { alertId: alert.id, clientId: alert.client_id, outcome, note, who }, now);
      return { ...alert, outcome: { outcome, note, who, recorded_at: now.toISOString() } };
    },
  );

  server.delete(
    "/v1/alerts/:id/outcome",
    {
      schema: {
        operationId: "takeOutcomeBack",
        summary: "Take an outcome back; the history keeps it",
        params,
        headers: whoHeaders,
        response: { 204: z.null(), ...faults },
      },
    },
    async (request, reply) => {
      const { id, client_id: clientId } = await alertOf(request.params.id);
      const { who } = readChangeHeaders(request.headers);
      await recordOutcome(clickhouse, { alertId: id, clientId, outcome: undefined, note: "", who }, new Date());
      return reply.code(204).send(null);
    },
  );

  server.get(
    "/v1/budget",
    {
      schema: {
        operationId: "showBudget",
        summary: "The budget of false alarms, against what happened, and how often alerts prove real",
        response: { 200: budgetAnswerSchema, ...faults },
      },
    },
    async (_, reply) => {
      const shown = await answer();
      reply.header("etag", `"${shown.version}"`);
      return shown;
    },
  );

  server.put(
    "/v1/budget",
    {
      schema: {
        operationId: "setBudget",
        summary: "Set the budget; the detectors' lines follow within a minute, with reasons in detector_lines",
        headers: changeHeaders,
        body: budgetSchema,
        response: { 200: budgetAnswerSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const release = await takeChangeLock(redis, `${redisPrefix}lock:budget`);
      try {
        const version = await budgets.newestVersion(budgetSetting.id);
        if (expected !== undefined && expected !== version) {
          throw new ApiFault(
            409,
            "the budget was changed by somebody else meanwhile",
            `version ${expected} was expected, ${version} is there: read it again`,
          );
        }
        await budgets.append(budgetSetting.id, version + 1, request.body, who);
      } finally {
        await release();
      }
      const shown = await answer();
      reply.header("etag", `"${shown.version}"`);
      return shown;
    },
  );
}
