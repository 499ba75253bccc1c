import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import cors from "@fastify/cors";
import { MalformedBody, segmentEndpoints } from "@keypulse/connectors";
import type { EngineLogger } from "@keypulse/engines";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { KafkaAway } from "../outputs/eventProducer.ts";

/** Largest body as it comes and after its content encoding is undone: providers' batches have up to 1 MiB. */
export const mostBodyBytes = 2 * 1024 * 1024;

/** A request that is refused, with words for the sender. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Words of answers for programs. */
const codes: ReadonlyMap<number, string> = new Map([
  [400, "invalid_request"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "not_found"],
  [413, "too_large"],
  [415, "unsupported_encoding"],
  [429, "too_many_requests"],
]);

const inflaters = new Map<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>(
  Object.entries({
    gzip: promisify(gunzip),
    deflate: promisify(inflate),
    br: promisify(brotliDecompress),
  }),
);

/**
 * The public HTTP server: bodies stay bytes, whatever their type; slow and oversized requests end by themselves and
 * don't hurt others; every fault is answered as JSON `{error}` in words, on the Segment API with the members `code` and
 * `message` that its libraries read as well.
 */
export async function createHttpServer(
  settings: { COLLECTOR_TRUSTED_PROXIES?: string | undefined },
  logger: EngineLogger,
): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: mostBodyBytes,
    // A whole request, its body included, has to be there by then.
    requestTimeout: 15_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle",
    trustProxy: settings.COLLECTOR_TRUSTED_PROXIES ?? false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    http: { headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
    logger: false,
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  server.addHook("preHandler", async (request) => {
    request.body = await plainBody(request);
  });
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const isSegment = segmentEndpoints.has(request.routeOptions.url ?? "");
    const answer = (status: number, code: string, words: string, headers: Record<string, string | number> = {}) =>
      reply
        .code(status)
        .headers(headers)
        .send(isSegment ? { success: false, code, message: words, error: words } : { error: words });
    /** Segment's libraries wait for as long as a 429 says; of a 503 none reads that. */
    const later = (seconds: number, words: string) =>
      answer(isSegment ? 429 : 503, "unavailable", words, { "retry-after": seconds });
    if (error instanceof KafkaAway) {
      const words = "the event store can't take events now; nothing was accepted, send it again later";
      return later(error.retryAfterSeconds, words);
    }
    if (error instanceof Refusal)
      return answer(error.status, codes.get(error.status) ?? "refused", error.message, error.headers);
    if (error instanceof MalformedBody) return answer(400, "invalid_request", error.message);
    const status = error.statusCode ?? 500;
    if (status < 500) return answer(status, codes.get(status) ?? "refused", error.message);
    logger.error({ route: request.routeOptions.url, reason: error.message, stack: error.stack }, "a request failed");
    return later(5, "this request could not be handled; send it again");
  });
  server.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ error: "there is nothing at this address; look at a source's address with: npm run source" }),
  );
  await server.register(cors, {
    origin: "*",
    methods: ["GET", "POST", "OPTIONS"],
    allowedHeaders: ["authorization", "content-type", "content-encoding", "x-retry-count"],
    exposedHeaders: ["retry-after"],
    maxAge: 86_400,
    // Preflights of the CloudEvents handshake belong to its connector.
    strictPreflight: false,
    hook: "onRequest",
    delegator: (request, done) => {
      const own = request.url.startsWith("/hooks/");
      done(null, own ? { origin: false, preflight: false } : { origin: "*" });
    },
  });
  return server;
}

/** The body with its content encoding undone, never larger than allowed. @throws Refusal 413, 415, 400 */
async function plainBody(request: FastifyRequest): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || body.length === 0) return body;
  const inflater = inflaters.get(encoding);
  if (inflater === undefined) throw new Refusal(415, "content-encoding: gzip, deflate and br are read");
  try {
    return await inflater(body, { maxOutputLength: mostBodyBytes });
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      throw new Refusal(413, `the body has more than ${mostBodyBytes} bytes when it is unpacked`);
    }
    throw new Refusal(400, `the body is not ${encoding}`);
  }
}
