import { createHash, timingSafeEqual } from "node:crypto";
import swagger from "@fastify/swagger";
import { type EngineLogger, isRetryableClickHouseError } from "@keypulse/engines";
import fastify, { type FastifyError, type FastifyRequest } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { ApiFault, describeFaults } from "../domain/apiFault.ts";

export type ApiServer = Awaited<ReturnType<typeof createApiServer>>;

const mostBodyBytes = 1024 * 1024;

/**
 * The API's HTTP server: a bearer token for all but its own description, zod at the boundary, every fault answered as
 * `{error, detail?}` in words.
 */
export async function createApiServer(token: string, logger: EngineLogger) {
  const server = fastify({
    bodyLimit: mostBodyBytes,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    logger: false,
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, ...fault } = faultOf(error);
    if (status >= 500) {
      logger.error(
        { route: request.routeOptions.url, reason: describe(error), stack: error.stack },
        "a request failed",
      );
    }
    return reply.code(status).send(fault);
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "there is nothing at this address", detail: "see /openapi.json" }),
  );
  server.addHook("onRequest", async (request) => {
    if (request.routeOptions.url !== openApiPath) authenticate(request, token);
  });
  // A POST without a body means all defaults.
  server.addHook("preValidation", async (request) => {
    if (request.method === "POST") request.body ??= {};
  });
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Keypulse console",
        version: "1",
        description: "Sources of events: wire them, see that their data is right, mend what is not.",
        license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      },
      servers: [{ url: "/" }],
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  server.get(openApiPath, { schema: { hide: true } }, async () => server.swagger());
  return server;
}

const openApiPath = "/openapi.json";

/** Compared by hash, so that neither content nor length shows in the time. @throws ApiFault 401 */
function authenticate(request: FastifyRequest, token: string): void {
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given === undefined) {
    throw new ApiFault(401, "a token is needed", "send Authorization: Bearer … with the token of KEYPULSE_API_TOKEN");
  }
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token))) throw new ApiFault(401, "this token is not the right one");
}

interface Fault {
  status: number;
  error: string;
  detail?: string;
}

function faultOf(error: FastifyError): Fault {
  if (error instanceof ApiFault) {
    return {
      status: error.status,
      error: error.message,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
    };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = { body: "body", params: "address", querystring: "query", headers: "headers" }[
      error.validationContext ?? "body"
    ];
    const issues = error.validation.map(({ instancePath, message, params }) => ({
      path: instancePath.split("/").filter(Boolean),
      message: message ?? "is not right",
      issues: (params as { issues?: { message: string }[] }).issues,
    }));
    return { status: 400, error: `the ${where} of this request can't be used`, detail: describeFaults(issues) };
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, error: error.message };
  if (isEngineAway(error)) {
    return {
      status: 503,
      error: "ClickHouse or Redis does not answer now; try again in a moment",
    };
  }
  return { status: 500, error: "this request could not be handled", detail: "the console's log says why" };
}

const isEngineAway = (error: Error & { code?: string }): boolean =>
  error.message === "Command timed out" ||
  (/^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|UND_ERR_SOCKET|UND_ERR_\w+_TIMEOUT)/.test(error.code ?? "") &&
    isRetryableClickHouseError(error)) ||
  /Timeout error|socket hang up/.test(error.message);

/** Codes and kinds only: messages of ClickHouse quote rows. */
const describe = (error: Error & { code?: string }): string =>
  error.name === "ClickHouseError" ? `ClickHouseError ${error.code}` : error.message.slice(0, 300);
