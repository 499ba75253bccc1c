import type { ClickHouse, ClickHouseReader } from "@keypulse/engines";
import { clientSorts, readWorkspace, type WarehouseSettings } from "@keypulse/warehouse";
import { z } from "zod";
import { ApiFault, describeFaults } from "../domain/apiFault.ts";
import { fieldNames, fieldSchema } from "../domain/dossierFields.ts";
import { writeField } from "../outputs/writtenFields.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import { dossierSchema, listedClientSchema, timelineEntrySchema } from "./clientAnswers.ts";
import { readDossier } from "./clientDossier.ts";
import { listClients, listCursor } from "./clientList.ts";
import { clientOrderSchema, readClientOrders } from "./clientOrders.ts";
import { readTimeline, timelineCursor } from "./clientTimeline.ts";
import { createProfileSettings } from "./profileSettings.ts";
import { faults } from "./sourceRoutes.ts";

const params = z.object({ id: z.guid("must be the id of a client, a UUID") });
const fieldParams = params.extend({ name: z.string().min(1).max(100) });
const limit = (usual: number) => z.coerce.number().int().min(1).max(500).default(usual);
const writtenSchema = z.object({ field: z.string(), value: z.unknown(), since: z.string(), who: z.string() });

/** Clients: the list, one's dossier and timeline, and what people write of them. */
export function serveClients(
  server: ApiServer,
  { clickhouse, reader }: { clickhouse: ClickHouse; reader: ClickHouseReader },
): void {
  let known: WarehouseSettings | undefined;
  const settings = createProfileSettings(reader, async () => {
    known ??= await readWorkspace(clickhouse);
    return known;
  });

  server.get(
    "/v1/clients",
    {
      schema: {
        operationId: "listClients",
        summary: "Clients, the largest or latest first",
        querystring: z.object({
          search: z.string().max(200).optional().describe("Part of a name or identifier, or the id, in any case"),
          sort: z.enum(clientSorts).default("revenue_365d"),
          limit: limit(50),
          after: z.string().regex(listCursor, "must be next of the page before").optional(),
        }),
        response: { 200: z.object({ clients: z.array(listedClientSchema), next: z.string().nullable() }), ...faults },
      },
    },
    async (request) => await listClients({ clickhouse, reader }, await settings(), request.query),
  );

  server.get(
    "/v1/clients/:id",
    {
      schema: {
        operationId: "showClient",
        summary: "The whole dossier of one client",
        params,
        response: { 200: dossierSchema, ...faults },
      },
    },
    async (request) => {
      const dossier = await readDossier(reader, request.params.id.toLowerCase(), await settings());
      if (dossier === undefined) throw noClient(request.params.id);
      return dossier;
    },
  );

  server.get(
    "/v1/clients/:id/timeline",
    {
      schema: {
        operationId: "readTimeline",
        summary: "What happened with a client, newest first",
        params,
        querystring: z.object({
          kind: z.enum(["email", "web", "call", "order", "identity"]).optional(),
          limit: limit(50),
          after: z.string().regex(timelineCursor, "must be next of the page before").optional(),
        }),
        response: { 200: z.object({ events: z.array(timelineEntrySchema), next: z.string().nullable() }), ...faults },
      },
    },
    async (request) => {
      const { timezone } = await settings();
      return await readTimeline({ clickhouse, reader }, request.params.id.toLowerCase(), {
        ...request.query,
        timezone,
      });
    },
  );

  server.get(
    "/v1/clients/:id/orders",
    {
      schema: {
        operationId: "readOrders",
        summary: "Orders of a client, the newest first: what each came to, why, and which message changed what",
        params,
        querystring: z.object({
          limit: limit(20),
          order: z.string().min(1).max(512).optional().describe("This order alone"),
        }),
        response: { 200: z.object({ orders: z.array(clientOrderSchema), more: z.boolean() }), ...faults },
      },
    },
    async (request) => {
      const { timezone } = await settings();
      return await readClientOrders({ clickhouse, reader }, request.params.id.toLowerCase(), {
        ...request.query,
        timezone,
      });
    },
  );

  for (const subject of ["client", "contact"] as const) {
    const write = async (subjectKey: string, field: string, value: unknown, since: Date, who: string) => {
      await writeField(clickhouse, { subjectKey, subject, field, value, since, who }, new Date());
      return { field, value, since: since.toISOString(), who };
    };
    const known = (field: string): z.ZodType => {
      const schema = fieldSchema(subject, field);
      if (schema !== undefined) return schema;
      throw new ApiFault(
        404,
        `there is no field "${field}" of a ${subject}`,
        `fields: ${fieldNames(subject).join(", ")}; or one of your own, such as custom.${field.toLowerCase().replaceAll(/[^a-z0-9_.-]/g, "_")}`,
      );
    };
    const title = subject === "client" ? "Client" : "Contact";
    server.put(
      `/v1/${subject}s/:id/fields/:name`,
      {
        schema: {
          operationId: `write${title}Field`,
          summary: `Write a field of a ${subject}: what people write counts first`,
          description: `Fields: ${fieldNames(subject).join(", ")}; and custom.… with any JSON.`,
          params: fieldParams,
          headers: changeHeaders.pick({ "x-keypulse-user": true }),
          body: z.strictObject({
            value: z.unknown().refine((value) => value !== undefined, { error: "must be given; null takes it away" }),
            since: z.iso.datetime({ offset: true }).optional().describe("From when it holds; default now"),
          }),
          response: { 200: writtenSchema, ...faults },
        },
      },
      async (request) => {
        const { id, name } = request.params;
        const parsed = known(name).safeParse(request.body.value);
        if (!parsed.success) {
          throw new ApiFault(400, `this value of ${name} can't be used`, describeFaults(parsed.error.issues, "value"));
        }
        const since = request.body.since === undefined ? new Date() : new Date(request.body.since);
        return await write(id, name, parsed.data, since, readChangeHeaders(request.headers).who);
      },
    );
    server.delete(
      `/v1/${subject}s/:id/fields/:name`,
      {
        schema: {
          operationId: `erase${title}Field`,
          summary: "Take a field back: what sources say counts again; the history stays",
          params: fieldParams,
          headers: changeHeaders.pick({ "x-keypulse-user": true }),
          response: { 204: z.null(), ...faults },
        },
      },
      async (request, reply) => {
        known(request.params.name);
        await write(
          request.params.id,
          request.params.name,
          undefined,
          new Date(),
          readChangeHeaders(request.headers).who,
        );
        return reply.code(204).send(null);
      },
    );
  }
}

const noClient = (id: string): ApiFault => new ApiFault(404, `there is no client with the id "${id}"`);
