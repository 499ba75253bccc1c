import { tryMapping } from "@keypulse/connectors";
import type { ClickHouse } from "@keypulse/engines";
import { draftPlan, trackingPlanSchema } from "@keypulse/sources";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import type { Change, SourceSettings } from "../outputs/sourceSettings.ts";
import { draftAnswerSchema, planAnswerSchema } from "./answers.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import { readNewestEvents } from "./newestEvents.ts";
import { faults, idParams } from "./sourceRoutes.ts";

/** What a source is expected to send, and trying out a mapping before it is saved. */
export function servePlans(
  server: ApiServer,
  { settings, clickhouse }: { settings: SourceSettings; clickhouse: ClickHouse },
): void {
  server.get(
    "/v1/sources/:id/plan",
    {
      schema: {
        operationId: "showPlan",
        summary: "Its tracking plan",
        params: idParams,
        response: { 200: planAnswerSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { source, version } = await settings.get(request.params.id);
      if (source.plan === undefined)
        throw new ApiFault(404, "this source has no tracking plan", "draft one: POST …/plan/draft");
      reply.header("etag", `"${version}"`);
      return { plan: source.plan, version };
    },
  );

  server.put(
    "/v1/sources/:id/plan",
    {
      schema: {
        operationId: "setPlan",
        summary: "Set its tracking plan",
        params: idParams,
        headers: changeHeaders,
        body: trackingPlanSchema,
        response: { 200: planAnswerSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const plan = request.body;
      const change: Change = (current) => ({ ...current!.source, plan });
      const { version } = await settings.change(request.params.id, change, who, expected);
      reply.header("etag", `"${version}"`);
      return { plan, version };
    },
  );

  server.delete(
    "/v1/sources/:id/plan",
    {
      schema: {
        operationId: "removePlan",
        summary: "No tracking plan any more",
        params: idParams,
        headers: changeHeaders,
        response: { 204: z.null(), ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const change: Change = (current) => {
        const { plan: _plan, ...source } = current!.source;
        return source;
      };
      await settings.change(request.params.id, change, who, expected);
      return reply.code(204).send(null);
    },
  );

  server.post(
    "/v1/sources/:id/plan/draft",
    {
      schema: {
        operationId: "draftPlan",
        summary: "A plan that fits the newest events; nothing is changed",
        params: idParams,
        body: z.strictObject({ events: z.number().int().min(1).max(10_000).default(1_000) }).prefault({}),
        response: { 200: draftAnswerSchema, ...faults },
      },
    },
    async (request) => {
      const { source } = await settings.get(request.params.id);
      const events = await readNewestEvents(clickhouse, source.id, request.body.events);
      const planned = events.map(({ type, properties: { plan_deviations: _ours, ...properties } }) => ({
        type,
        properties,
      }));
      const times = events.map(({ occurred_at }) => occurred_at).toSorted();
      return { plan: draftPlan(planned), events: events.length, from: times[0] ?? null, to: times.at(-1) ?? null };
    },
  );

  server.post(
    "/v1/mappings/try",
    {
      schema: {
        operationId: "tryMapping",
        summary: "What an expression of the JSON connector makes of a body; nothing is stored",
        body: z.strictObject({
          expression: z.string().max(20_000).describe("JSONata"),
          sample: z.string().max(100_000).describe("A body as the sender sends it"),
          headers: z.record(z.string(), z.string()).default({}),
        }),
        response: {
          200: z.looseObject({}).describe("Results element by element, or the fault and its place"),
          ...faults,
        },
      },
    },
    async ({ body: { expression, sample, headers } }) => ({
      ...(await tryMapping(expression, sample, { headers, receivedAt: new Date().toISOString() })),
    }),
  );
}
