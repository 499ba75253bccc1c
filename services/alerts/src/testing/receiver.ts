import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Alert } from "@keypulse/contracts";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";
import type { WebhookConsumer } from "../domain/webhook.ts";

export const testSecret = "whsec_YWxlcnRzLW91dC10ZXN0LXNlY3JldC0zMi1ieXRlcyE=";

export interface Received {
  headers: IncomingHttpHeaders;
  body: { type: string; timestamp: string; data: Alert };
  /** Milliseconds since 1970. */
  at: number;
}

export interface Receiver {
  consumer: WebhookConsumer;
  /** Requests whose signature `standardwebhooks` found right. */
  received: Received[];
  /** Faults of signatures or form; must stay empty. */
  faults: string[];
  /** Types and versions of those received, such as `alert.opened 1`. */
  told(): string[];
}

/** A webhook consumer as somebody would write it: verifies, then answers as the test says (204 by default). */
export async function startReceiver(
  options: {
    name?: string;
    secret?: string;
    answer?: (response: ServerResponse, count: number, request: Received) => void;
  } = {},
): Promise<Receiver> {
  const { name = "crm", secret = testSecret, answer = (response) => response.writeHead(204).end() } = options;
  const received: Received[] = [];
  const faults: string[] = [];
  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = new Webhook(secret).verify(Buffer.concat(chunks), request.headers as Record<string, string>);
      const one = { headers: request.headers, body: body as Received["body"], at: Date.now() };
      received.push(one);
      answer(response, received.length, one);
    } catch (error) {
      faults.push(String(error));
      response.writeHead(400).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    consumer: { name, url: `http://127.0.0.1:${port}/hook`, secret },
    received,
    faults,
    told: () => received.map(({ body }) => `${body.type} ${body.data.version}`),
  };
}
