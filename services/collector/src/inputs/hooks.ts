import type { ProviderRequest } from "@keypulse/connectors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "./httpServer.ts";
import type { RouteParts } from "./routeParts.ts";

/** `/hooks/{source id}`: what providers call. */
export function serveHooks(server: FastifyInstance, { book, limits, take, publicUrl }: RouteParts): void {
  server.route<{ Params: { source: string } }>({
    method: ["GET", "POST", "OPTIONS"],
    url: "/hooks/:source",
    async handler(request, reply) {
      const open = book.byId(request.params.source);
      if (open === undefined) throw new Refusal(404, "there is no source of this id");
      await limits.ofSource(open.source);
      const given = toProviderRequest(request, publicUrl());
      return send(reply, await take.webhook(open, given));
    },
  });
}

function send(reply: FastifyReply, answer: { status: number; headers?: Record<string, string>; body?: string }) {
  reply.code(answer.status).headers(answer.headers ?? {});
  return reply.send(answer.body ?? "");
}

function toProviderRequest(request: FastifyRequest, publicUrl: string): ProviderRequest {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { method: request.method, url: `${publicUrl}${request.url}`, headers, body: request.body as Buffer };
}
