import { randomUUID } from "node:crypto";
import {
  mapSegmentMessage,
  readSegmentBody,
  type SegmentSourceSettings,
  segmentEndpoints,
  segmentSettings,
} from "@keypulse/connectors";
import type { OpenSource, SourceBook } from "@keypulse/sources";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Refusal } from "./httpServer.ts";
import type { RouteParts } from "./routeParts.ts";

/** The Segment-compatible API: the official libraries work with nothing but their host changed. */
export function serveSegmentApi(server: FastifyInstance, { book, limits, inTurn, take, publicUrl }: RouteParts): void {
  for (const path of segmentEndpoints.keys()) {
    server.post(path, async (request) => {
      const receivedAt = new Date();
      await inTurn((request.body as Buffer).length, () => takeMessages(path, request, receivedAt));
      return { success: true };
    });
  }

  async function takeMessages(path: string, request: FastifyRequest, receivedAt: Date): Promise<void> {
    const body = readSegmentBody(path, request.body as Buffer);
    const open = authenticate(book, request, body.writeKey, receivedAt.getTime());
    await limits.ofSource(open.source);
    await limits.ofAddress(open.source, request.ip);
    const context = {
      receivedAt,
      sentAt: body.sentAt,
      batchContext: body.context,
      settings: open.settings as unknown as SegmentSourceSettings,
      mayBeTooLarge: body.mayBeTooLarge,
      newId: randomUUID,
    };
    const elements = body.messages.map((message) => mapSegmentMessage(message, context));
    await take.elements(open, elements, "web", receivedAt);
  }

  // What analytics.js asks for before it starts.
  server.get<{ Params: { writeKey: string } }>("/v1/projects/:writeKey/settings", async (request, reply) => {
    const open = book.bySecret(request.params.writeKey, Date.now());
    if (open?.source.connector !== "segment") throw new Refusal(404, "no source has this write key");
    reply.header("cache-control", "public, max-age=300");
    return segmentSettings(request.params.writeKey, `${new URL(publicUrl()).host}/v1`);
  });
}

/** @throws Refusal 401 that says what is wrong with the key */
function authenticate(
  book: SourceBook,
  request: FastifyRequest,
  bodyKey: string | undefined,
  nowMs: number,
): OpenSource {
  const headerKey = basicKey(request.headers.authorization);
  if (headerKey !== undefined && bodyKey !== undefined && headerKey !== bodyKey) {
    throw new Refusal(401, "the write keys of the Authorization header and of the body are different");
  }
  const key = headerKey ?? bodyKey;
  if (key === undefined) {
    throw new Refusal(401, "a write key is needed: as the user of Basic authorization, or as writeKey in the body");
  }
  const open = book.bySecret(key, nowMs);
  if (open?.source.connector !== "segment") throw new Refusal(401, "this write key is not known, or was revoked");
  return open;
}

/** The write key of `Authorization: Basic`, with or without the colon and an empty password. */
function basicKey(header: string | undefined): string | undefined {
  const encoded = /^basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  return Buffer.from(encoded, "base64").toString("utf8").split(":", 1)[0] || undefined;
}
