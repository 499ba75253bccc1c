import { Readable } from "node:stream";
import type { ClickHouse } from "@keypulse/engines";
import { fillSubject, personalTables } from "@keypulse/warehouse";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import { type Erasures, quoted, type Subject } from "../steps/erase.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import { faults } from "./sourceRoutes.ts";

const identifier = z
  .string()
  .max(600)
  .describe("Kind, a colon and the value: a person's, or a client's account or domain");
const counts = z.record(z.string(), z.number().int());
const erasureSchema = z.object({
  id: z.uuid(),
  subject: z.enum(["person", "client"]),
  state: z.enum(["running", "done"]),
  erased: counts.describe("Rows found and taken away or changed, by table; what others did, by step"),
  reason: z.string(),
  who: z.string(),
  requested_at: z.iso.datetime(),
  done_at: z.iso.datetime().nullable(),
});
const previewSchema = z.object({
  id: z.uuid().nullable().describe("Null for a preview"),
  subject: z.enum(["person", "client"]),
  identifiers: z.array(z.string()),
  rows: counts.describe("Rows that will be taken away or changed, by table"),
  kept: z.string().describe("What stays, and for how long"),
});

/** Said with every erasure, for it is not ours to reach. */
const whatStays =
  "Messages stay in Kafka until its retention ends. Events of a company stay without the person. " +
  "Receivers of alerts keep what they were sent. Backups are not touched. What comes later is not taken; but bytes that " +
  "can't be read as an event may name anybody, and stay until their retention.";

export interface PrivacyParts {
  clickhouse: ClickHouse;
  erasures: Erasures;
  readSubject: (identifier: string) => Promise<Subject>;
  /** Starts what was requested; does not wait for it. */
  begin(): void;
}

/** People's rights: all that is kept of a person or a client, and its erasure with proof. */
export function servePrivacy(server: ApiServer, { clickhouse, erasures, readSubject, begin }: PrivacyParts): void {
  server.get(
    "/v1/privacy/export",
    {
      schema: {
        operationId: "exportSubject",
        summary: "All that is kept of a person or a client, a JSON object a line: {table, row}",
        querystring: z.object({ identifier }),
        response: { 200: z.string().describe("application/x-ndjson"), ...faults },
      },
    },
    async (request, reply) => {
      const subject = await readSubject(request.query.identifier);
      reply.header("content-type", "application/x-ndjson");
      reply.serializer((payload) => payload as string);
      return reply.send(Readable.from(linesOf(clickhouse, subject)) as never);
    },
  );

  server.get(
    "/v1/privacy/erasures",
    {
      schema: {
        operationId: "listErasures",
        summary: "Erasures, the newest first, and the proof of those that are done",
        response: { 200: z.object({ erasures: z.array(erasureSchema) }), ...faults },
      },
    },
    async () => ({ erasures: await erasures.all() }),
  );

  server.get(
    "/v1/privacy/erasures/:id",
    {
      schema: {
        operationId: "showErasure",
        summary: "One erasure",
        params: z.object({ id: z.uuid() }),
        response: { 200: erasureSchema, ...faults },
      },
    },
    async (request) => {
      const found = (await erasures.all()).find(({ id }) => id === request.params.id);
      if (found === undefined) throw new ApiFault(404, "there is no such erasure");
      return found;
    },
  );

  server.post(
    "/v1/privacy/erasures",
    {
      schema: {
        operationId: "erase",
        summary: "Erase a person or a client for good; or see what that would take away",
        headers: changeHeaders,
        body: z.object({
          identifier,
          reason: z.string().max(1_000).default("").describe("Kept with the proof: name nobody in it"),
          preview: z.boolean().default(false),
        }),
        response: { 200: previewSchema, ...faults },
      },
    },
    async (request) => {
      const { identifier: given, reason, preview } = request.body;
      const subject = await readSubject(given);
      const rows = await erasures.count(subject);
      const { who } = readChangeHeaders(request.headers);
      const id = preview ? null : await erasures.request(subject, reason, who, new Date());
      if (!preview) begin();
      return { id, subject: subject.kind, identifiers: subject.names, rows, kept: whatStays };
    },
  );
}

async function* linesOf(clickhouse: ClickHouse, subject: Subject): AsyncGenerator<string> {
  yield `${JSON.stringify({ subject: subject.kind, identifiers: subject.names })}\n`;
  for (const { table, erase, change } of personalTables) {
    const where = fillSubject(change === undefined ? erase : `(${erase}) OR (${change.where})`, {
      ...subject,
      keys: quoted(subject.keys),
    });
    const result = await clickhouse.query({ query: `SELECT * FROM ${table} WHERE ${where}`, format: "JSONEachRow" });
    for await (const rows of result.stream()) {
      for (const row of rows) yield `{"table":"${table}","row":${row.text}}\n`;
    }
  }
}
