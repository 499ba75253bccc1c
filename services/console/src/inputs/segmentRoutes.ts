import type { ClickHouse } from "@keypulse/engines";
import { conditionSchema, type Segment, segmentIdSchema, segmentSchema } from "@keypulse/segments";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import { freeId } from "../domain/freeId.ts";
import type { KeptSegment, SegmentSettings } from "../outputs/segmentSettings.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import {
  countMembers,
  membersSchema,
  previewCondition,
  previewSchema,
  readMembers,
  readSizes,
  sizesSchema,
} from "./segmentReading.ts";
import { faults } from "./sourceRoutes.ts";

const idParams = z.object({ id: segmentIdSchema });
const wishSchema = z.strictObject({
  id: segmentIdSchema.optional().describe("Made of the name when absent"),
  name: segmentSchema.shape.name,
  description: z.string().max(2_000).default(""),
  condition: conditionSchema,
});
const editSchema = z
  .strictObject({
    name: segmentSchema.shape.name.optional(),
    description: z.string().max(2_000).optional(),
    condition: conditionSchema.optional(),
  })
  .refine((edit) => Object.keys(edit).length > 0, { error: "name, description or condition is needed" });
const shownSchema = segmentSchema.extend({
  version: z.number().int().describe("For If-Match"),
  clients: z.number().int().describe("In it now; a new condition counts from the next evaluation, within a minute"),
});
export type ShownSegment = z.infer<typeof shownSchema>;

/** Segments: made, tried out, seen with their members and sizes, changed, taken away. */
export function serveSegments(
  server: ApiServer,
  { settings, clickhouse, analyst }: { settings: SegmentSettings; clickhouse: ClickHouse; analyst: ClickHouse },
): void {
  const shown = async ({ segment, version }: KeptSegment): Promise<ShownSegment> => ({
    ...segment,
    version,
    clients: (await countMembers(clickhouse)).get(segment.id) ?? 0,
  });

  server.get(
    "/v1/segments",
    {
      schema: {
        operationId: "listSegments",
        summary: "All segments and how large they are",
        response: { 200: z.object({ segments: z.array(shownSchema) }), ...faults },
      },
    },
    async () => {
      const [kept, clients] = await Promise.all([settings.all(), countMembers(clickhouse)]);
      return {
        segments: kept.map(({ segment, version }) => ({ ...segment, version, clients: clients.get(segment.id) ?? 0 })),
      };
    },
  );

  server.post(
    "/v1/segments/preview",
    {
      schema: {
        operationId: "previewSegment",
        summary: "Whom a condition holds for now; nothing is stored",
        body: z.strictObject({ condition: conditionSchema }),
        response: { 200: previewSchema, ...faults },
      },
    },
    async ({ body }) => await previewCondition(analyst, body.condition),
  );

  server.post(
    "/v1/segments",
    {
      schema: {
        operationId: "createSegment",
        summary: "Make a segment; its condition is run once with the analyst's rights before it is kept",
        headers: changeHeaders.pick({ "x-keypulse-user": true }),
        body: wishSchema,
        response: { 201: shownSchema, ...faults },
      },
    },
    async (request, reply) => {
      const wish = request.body;
      await previewCondition(analyst, wish.condition);
      const create = (_current: unknown, taken: ReadonlySet<string>): Segment => {
        const id = wish.id ?? freeId(wish.name, taken, "segment");
        if (taken.has(id)) throw new ApiFault(409, `there is a segment with the id "${id}" already`);
        const now = new Date().toISOString();
        return { ...wish, id, created_at: now, updated_at: now };
      };
      const kept = await settings.change(undefined, create, readChangeHeaders(request.headers).who);
      reply.code(201).header("location", `/v1/segments/${kept.segment.id}`).header("etag", `"${kept.version}"`);
      return await shown(kept);
    },
  );

  server.get(
    "/v1/segments/:id",
    {
      schema: {
        operationId: "showSegment",
        summary: "One segment",
        params: idParams,
        response: { 200: shownSchema, ...faults },
      },
    },
    async (request, reply) => {
      const kept = await settings.get(request.params.id);
      reply.header("etag", `"${kept.version}"`);
      return await shown(kept);
    },
  );

  server.patch(
    "/v1/segments/:id",
    {
      schema: {
        operationId: "editSegment",
        summary: "Change its name, description or condition",
        params: idParams,
        headers: changeHeaders,
        body: editSchema,
        response: { 200: shownSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const { name, description, condition } = request.body;
      if (condition !== undefined) await previewCondition(analyst, condition);
      const kept = await settings.change(
        request.params.id,
        (current) => ({
          ...current!.segment,
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(condition === undefined ? {} : { condition }),
          updated_at: new Date().toISOString(),
        }),
        who,
        expected,
      );
      reply.header("etag", `"${kept.version}"`);
      return await shown(kept);
    },
  );

  server.delete(
    "/v1/segments/:id",
    {
      schema: {
        operationId: "deleteSegment",
        summary: "Take it away; all its members leave it, which is published",
        params: idParams,
        headers: changeHeaders,
        response: { 204: z.null(), ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      await settings.change(request.params.id, () => undefined, who, expected);
      return reply.code(204).send(null);
    },
  );

  server.get(
    "/v1/segments/:id/members",
    {
      schema: {
        operationId: "listMembers",
        summary: "Who is in it now, by client id",
        params: idParams,
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
          after: z.uuid().default("00000000-0000-0000-0000-000000000000").describe("next of the page before"),
        }),
        response: { 200: membersSchema, ...faults },
      },
    },
    async ({ params, query }) => {
      await settings.get(params.id);
      return await readMembers(clickhouse, params.id, query);
    },
  );

  server.get(
    "/v1/segments/:id/sizes",
    {
      schema: {
        operationId: "listSizes",
        summary: "How large it was, each time that it changed, newest first",
        params: idParams,
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(10_000).default(100) }),
        response: { 200: sizesSchema, ...faults },
      },
    },
    async ({ params, query }) => {
      await settings.get(params.id);
      return await readSizes(clickhouse, params.id, query.limit);
    },
  );
}
