import type { Handshake, ProviderRequest } from "../connector.ts";

/**
 * Answers a sender that asks whether it may send here. Everybody may ask: what is sent still needs the token.
 * Source: CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, 4 "Abuse Protection".
 */
export function answerHandshake(request: ProviderRequest): Handshake | undefined {
  const origin = request.headers["webhook-request-origin"];
  if (request.method !== "OPTIONS" || origin === undefined || !/^[\x21-\x7e]{1,255}$/.test(origin)) return undefined;
  const rate = request.headers["webhook-request-rate"];
  const headers: Record<string, string> = { allow: "POST", "webhook-allowed-origin": origin };
  // Requests a minute; overload is answered when it comes, so whatever is asked for is granted.
  if (rate !== undefined) headers["webhook-allowed-rate"] = /^[1-9]\d{0,8}$/.test(rate) ? rate : "*";
  return { reply: { status: 200, headers } };
}
