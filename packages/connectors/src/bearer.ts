import type { ConnectorContext, ProviderRequest, Verification } from "./connector.ts";
import { sameText } from "./signatures.ts";

/** Header for senders that keep Authorization for themselves. Never the address: addresses end up in logs. */
export const tokenHeader = "x-keypulse-token";

/**
 * Checks a token that Keypulse made: `Authorization: Bearer …` (RFC 6750), our own header, or one that the sender
 * prescribes.
 */
export function verifyToken(
  request: ProviderRequest,
  context: ConnectorContext<object>,
  ownHeader = tokenHeader,
): Verification {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const given = bearer ?? request.headers[tokenHeader] ?? request.headers[ownHeader];
  if (!given) return { ok: false, detail: `the header Authorization: Bearer … (or ${ownHeader}) is missing` };
  // All are compared, so that the time tells nothing about which one fits.
  const fits = context.secrets.map((secret) => sameText(given, secret));
  return fits.includes(true) ? { ok: true } : { ok: false, detail: "the token is not one of the source" };
}
