import { connectorNamed, connectors } from "@keypulse/connectors";
import { sourceIdSchema } from "@keypulse/sources";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import { settingsJsonSchema } from "../domain/connectorSettings.ts";
import { makeSecret, withNewSecret, withoutSecret } from "../domain/secretMaking.ts";
import { createSource, editSource } from "../domain/sourceChanges.ts";
import type { Change, SourceSettings } from "../outputs/sourceSettings.ts";
import type { DescribeSources } from "../steps/describeSources.ts";
import {
  connectorSchema,
  editSchema,
  faultSchema,
  listedSourceSchema,
  rotateSchema,
  shownSourceSchema,
  wishSchema,
  withSecretSchema,
} from "./answers.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";

export const idParams = z.object({ id: sourceIdSchema });
export const faults = { "4xx": faultSchema, "5xx": faultSchema };

export interface SourceRoutesParts {
  settings: SourceSettings;
  describe: DescribeSources;
  secretKey: string;
}

/** Connectors, and the life of a source: made, seen, changed, paused, its secrets, its end. */
export function serveSources(server: ApiServer, { settings, describe, secretKey }: SourceRoutesParts): void {
  server.get(
    "/v1/connectors",
    {
      schema: {
        operationId: "listConnectors",
        summary: "What can be wired",
        response: { 200: z.object({ connectors: z.array(connectorSchema) }), ...faults },
      },
    },
    async () => ({
      connectors: connectors.map((connector) => {
        const { name, title, kind, secret } = connector;
        return { name, title, kind, secret, settings: settingsJsonSchema(connector) };
      }),
    }),
  );

  server.get(
    "/v1/sources",
    {
      schema: {
        operationId: "listSources",
        summary: "All sources and how they are",
        response: { 200: z.object({ sources: z.array(listedSourceSchema) }), ...faults },
      },
    },
    async () => ({ sources: await describe.list(await settings.all()) }),
  );

  server.post(
    "/v1/sources",
    {
      schema: {
        operationId: "createSource",
        summary: "Wire a source; a secret that Keypulse makes is shown in this answer alone",
        headers: changeHeaders.pick({ "x-keypulse-user": true }),
        body: wishSchema,
        response: { 201: withSecretSchema, ...faults },
      },
    },
    async (request, reply) => {
      let shown: string | undefined;
      const create: Change = (_current, taken) => {
        const created = createSource(request.body, taken, { nowMs: Date.now(), secretKey });
        shown = created.shown;
        return created.source;
      };
      const { who } = readChangeHeaders(request.headers);
      const stored = await settings.change(undefined, create, who);
      reply.code(201).header("location", `/v1/sources/${stored.source.id}`).header("etag", `"${stored.version}"`);
      return { ...(await describe.one(stored, shown)), ...(shown === undefined ? {} : { secret: shown }) };
    },
  );

  server.get(
    "/v1/sources/:id",
    {
      schema: {
        operationId: "showSource",
        summary: "One source: where it sends to, how it is wired, what arrived",
        params: idParams,
        response: { 200: shownSourceSchema, ...faults },
      },
    },
    async (request, reply) => {
      const stored = await settings.get(request.params.id);
      reply.header("etag", `"${stored.version}"`);
      return await describe.one(stored);
    },
  );

  server.patch(
    "/v1/sources/:id",
    {
      schema: {
        operationId: "editSource",
        summary: "Change its name, settings or limit",
        params: idParams,
        headers: changeHeaders,
        body: editSchema,
        response: { 200: shownSourceSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const change: Change = (current) => editSource(current!.source, request.body);
      const stored = await settings.change(request.params.id, change, who, expected);
      reply.header("etag", `"${stored.version}"`);
      return await describe.one(stored);
    },
  );

  server.delete(
    "/v1/sources/:id",
    {
      schema: {
        operationId: "deleteSource",
        summary: "Take it away; its events stay",
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

  for (const [verb, state] of [
    ["pause", "paused"],
    ["resume", "active"],
  ] as const) {
    server.post(
      `/v1/sources/:id/${verb}`,
      {
        schema: {
          operationId: `${verb}Source`,
          summary: verb === "pause" ? "What arrives is kept, not counted" : "What arrives counts again",
          params: idParams,
          headers: changeHeaders,
          response: { 200: shownSourceSchema, ...faults },
        },
      },
      async (request, reply) => {
        const { who, expected } = readChangeHeaders(request.headers);
        const change: Change = (current) => ({ ...current!.source, state });
        const stored = await settings.change(request.params.id, change, who, expected);
        reply.header("etag", `"${stored.version}"`);
        return await describe.one(stored);
      },
    );
  }

  server.post(
    "/v1/sources/:id/secrets",
    {
      schema: {
        operationId: "rotateSecret",
        summary: "A new secret; the old one stays valid for a while",
        params: idParams,
        headers: changeHeaders,
        body: rotateSchema.prefault({}),
        response: { 201: withSecretSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const { secret: given, overlap_hours } = request.body;
      let shown: string | undefined;
      const change: Change = (current) => {
        const { source } = current!;
        const nowMs = Date.now();
        const connector = connectorNamed(source.connector);
        const secret = makeSecret(connector, source.id, given, { nowMs, secretKey });
        if (secret === undefined) {
          throw connector === undefined || connector.secret.origin === "none"
            ? new ApiFault(400, "this source has no secret")
            : new ApiFault(
                400,
                "the provider makes this secret",
                `secret: paste the ${connector.secret.label} (${connector.secret.where})`,
              );
        }
        shown = secret.shown;
        return withNewSecret(source, secret.stored, nowMs, overlap_hours);
      };
      const stored = await settings.change(request.params.id, change, who, expected);
      reply.code(201).header("etag", `"${stored.version}"`);
      return { ...(await describe.one(stored, shown)), ...(shown === undefined ? {} : { secret: shown }) };
    },
  );

  server.delete(
    "/v1/sources/:id/secrets/:hash",
    {
      schema: {
        operationId: "revokeSecret",
        summary: "End a secret now; named by the beginning of its hash",
        params: idParams.extend({ hash: z.string().regex(/^[0-9a-fA-F]{4,64}$/, "must be 4 to 64 hex digits") }),
        headers: changeHeaders,
        response: { 200: shownSourceSchema, ...faults },
      },
    },
    async (request, reply) => {
      const { who, expected } = readChangeHeaders(request.headers);
      const change: Change = (current) => withoutSecret(current!.source, request.params.hash);
      const stored = await settings.change(request.params.id, change, who, expected);
      reply.header("etag", `"${stored.version}"`);
      return await describe.one(stored);
    },
  );
}
