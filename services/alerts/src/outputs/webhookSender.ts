import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { Webhook } from "standardwebhooks";
import type { Answer } from "../domain/attempt.ts";
import { isPublicAddress } from "../domain/publicAddress.ts";
import type { WebhookConsumer } from "../domain/webhook.ts";

export interface SenderSettings {
  timeoutMs: number;
  /** False refuses to connect to anything but public addresses. */
  allowPrivate: boolean;
  /** Name resolution; the system's where absent. */
  resolve?: (hostname: string) => Promise<LookupAddress[]>;
}

export interface WebhookMessage {
  /** The same over all tries. */
  id: string;
  body: string;
}

export type SendWebhook = (consumer: WebhookConsumer, message: WebhookMessage) => Promise<Answer>;

/** More of an answer is not read. */
const mostAnswerBytes = 64 * 1024;

class PrivateTarget extends Error {
  readonly code = "EPRIVATE";
}

/**
 * Sends one signed POST and says what came back; expected faults (refused, timed out, private) are answers, too.
 * No redirects, no proxies, a connection of its own each time, to an address that was checked: what a name resolves to
 * later (DNS rebinding) is never connected to.
 */
export function createSendWebhook({ timeoutMs, allowPrivate, resolve = resolveAll }: SenderSettings): SendWebhook {
  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new Error("no address"), "", 0);
        if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) {
          return callback(new PrivateTarget(), "", 0);
        }
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };

  return async (consumer, { id, body }) => {
    const start = performance.now();
    const answer = (rest: Omit<Answer, "durationMs">): Answer => ({
      ...rest,
      durationMs: Math.round(performance.now() - start),
    });
    const url = new URL(consumer.url);
    const literal = url.hostname.replace(/^\[|\]$/g, "");
    // A literal address is connected to without a lookup.
    if (!allowPrivate && isIP(literal) !== 0 && !isPublicAddress(literal))
      return answer({ status: 0, fault: privateFault });
    const deadline = AbortSignal.timeout(timeoutMs);
    const now = new Date();
    const payload = Buffer.from(body);
    let response: IncomingMessage | undefined;
    try {
      response = await headersOf(
        (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
          method: "POST",
          agent: false,
          lookup: checkedLookup,
          signal: deadline,
          headers: {
            "content-type": "application/json",
            "content-length": payload.length,
            "user-agent": "Keypulse",
            "webhook-id": id,
            "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
            "webhook-signature": new Webhook(consumer.secret).sign(id, now, body),
          },
        }).end(payload),
      );
      await discard(response);
    } catch (error) {
      // The status says all that matters, even where the rest of the answer never comes.
      if (response === undefined) return answer({ status: 0, fault: faultOf(error, deadline.aborted, timeoutMs) });
    }
    return answer({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
  };
}

const privateFault = "the address is private, loopback or reserved: refused (ALERT_WEBHOOK_ALLOW_PRIVATE)";

function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return new Promise((done, fail) => {
    dnsLookup(hostname, { all: true }, (error, addresses) => (error ? fail(error) : done(addresses)));
  });
}

function headersOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    request.once("response", done);
    // Node tells of 101 by this alone, and of a connection that ends without an answer not at all.
    request.once("upgrade", (response: IncomingMessage, socket: Duplex) => {
      socket.destroy();
      done(response);
    });
    request.on("error", fail);
    request.once("close", () => fail(Object.assign(new Error("closed without an answer"), { code: "ECONNRESET" })));
  });
}

async function discard(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) break;
  }
}

/** Codes only: messages of the system hold addresses. */
function faultOf(error: unknown, timedOut: boolean, timeoutMs: number): string {
  if (timedOut) return `no answer within ${timeoutMs / 1000} s`;
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPRIVATE" ? privateFault : `no connection (${code ?? "unknown"})`;
}
