import { Readable } from "node:stream";
import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";
import type { ConsoleMetrics } from "../metrics.ts";
import type { SourceSettings } from "../outputs/sourceSettings.ts";
import type { DescribeSources } from "../steps/describeSources.ts";
import { followLive, type LiveItem } from "../steps/followLive.ts";
import { testWiring, type WiringParts } from "../steps/testWiring.ts";
import { healthSchema, rejectedSchema, wiringSchema } from "./answers.ts";
import type { ApiServer } from "./apiServer.ts";
import { cursorPattern, readRejected } from "./rejectedEvents.ts";
import { faults, idParams } from "./sourceRoutes.ts";

export interface WatchRoutesParts {
  settings: SourceSettings;
  describe: DescribeSources;
  clickhouse: ClickHouse;
  wiring: WiringParts;
  metrics: ConsoleMetrics;
  /** Ends live views when the service stops. */
  stopping: AbortSignal;
}

/** Is the data right? Health, what was refused, the wiring test, the live view. */
export function serveWatching(server: ApiServer, parts: WatchRoutesParts): void {
  const { settings, describe, clickhouse, metrics } = parts;
  server.get(
    "/v1/sources/:id/health",
    {
      schema: {
        operationId: "showHealth",
        summary: "What arrived, and in one word how it is",
        params: idParams,
        response: { 200: healthSchema, ...faults },
      },
    },
    async (request) => await describe.health(await settings.get(request.params.id)),
  );

  server.get(
    "/v1/sources/:id/rejected",
    {
      schema: {
        operationId: "listRejected",
        summary: "What could not be used, newest first",
        params: idParams,
        querystring: z.object({
          reason: z.string().max(64).optional(),
          limit: z.coerce.number().int().min(1).max(500).default(50),
          after: z.string().regex(cursorPattern, "must be next of the page before").optional(),
        }),
        response: { 200: z.object({ rejected: z.array(rejectedSchema), next: z.string().nullable() }), ...faults },
      },
    },
    async (request) => {
      const { source } = await settings.get(request.params.id);
      return await readRejected(clickhouse, { source: source.id, ...request.query });
    },
  );

  server.post(
    "/v1/sources/:id/test",
    {
      schema: {
        operationId: "testWiring",
        summary: "Send the connector's sample to the real address and follow it",
        params: idParams,
        response: { 200: wiringSchema, ...faults },
      },
    },
    async (request) => await testWiring(parts.wiring, (await settings.get(request.params.id)).source),
  );

  server.get(
    "/v1/sources/:id/live",
    {
      schema: {
        operationId: "followSource",
        summary: "What arrived in the last minutes, then what arrives",
        description:
          "Server-sent events: `arrival` (an event with the client that it went to, a refused element with the sender's bytes, or a duplicate), `skipped` (more arrived than is shown), `live` (from here on it is live).",
        produces: ["text/event-stream"],
        params: idParams,
        querystring: z.object({ minutes: z.coerce.number().min(0).max(1_440).default(10) }),
      },
    },
    async (request, reply) => {
      const { source } = await settings.get(request.params.id);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const items = followLive(
        clickhouse,
        source.id,
        request.query.minutes,
        AbortSignal.any([gone.signal, parts.stopping]),
      );
      metrics.streamOpened();
      const stream = Readable.from(serverSentEvents(items));
      stream.once("close", () => metrics.streamClosed());
      return reply
        .header("content-type", "text/event-stream; charset=utf-8")
        .header("cache-control", "no-store")
        .header("x-accel-buffering", "no")
        .send(stream);
    },
  );
}

async function* serverSentEvents(items: AsyncIterable<LiveItem>): AsyncGenerator<string> {
  yield ": what arrives\n\n";
  for await (const item of items) {
    // A comment now and then, so that proxies don't take the connection for dead.
    if (item.item === "quiet") yield ": quiet\n\n";
    else if (item.item === "arrival") yield serverSentEvent("arrival", item.arrival, item.arrival.position);
    else if (item.item === "skipped") yield serverSentEvent("skipped", { count: item.count });
    else yield serverSentEvent("live", {});
  }
}

const serverSentEvent = (name: string, content: object, id?: string): string =>
  `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(content)}\n\n`;
