import { createHash } from "node:crypto";
import { parse as parseLegacyQuery, stringify as stringifyLegacyQuery } from "node:querystring";
import type { ConnectorContext, ProviderRequest, Verification } from "../connector.ts";
import { formFields, isForm } from "../forms.ts";
import { hmac, sameText } from "../signatures.ts";

/** Base64 HMAC-SHA1 of the address and, sorted by name, each field's name and value; equal values of a name once. */
export function signTwilio(secret: string, url: string, fields: URLSearchParams): string {
  const names = [...new Set(fields.keys())].sort();
  const text = names.map((name) =>
    [...new Set(fields.getAll(name))]
      .sort()
      .map((value) => name + value)
      .join(""),
  );
  return hmac("sha1", secret, url + text.join("")).toString("base64");
}

/**
 * Checks X-Twilio-Signature. Source: Twilio, "Webhooks security"; the forms of the address that are tried are those of
 * Twilio's own library (twilio-node, src/webhooks/webhooks.ts).
 */
export function verifyTwilio(request: ProviderRequest, context: ConnectorContext): Verification {
  const given = request.headers["x-twilio-signature"];
  if (!given) return { ok: false, detail: "the header X-Twilio-Signature is needed" };
  const bodyHash = bodyHashOf(request.url);
  if (bodyHash !== null && !sameText(bodyHash, createHash("sha256").update(request.body).digest("hex"))) {
    return { ok: false, detail: "bodySHA256 of the address is not the body's hash" };
  }
  if (bodyHash === null && request.body.length > 0 && !isForm(request)) {
    return { ok: false, detail: "a body that is no form needs bodySHA256 in the address" };
  }
  let fields: URLSearchParams;
  try {
    fields = bodyHash === null && request.method !== "GET" ? formFields(request) : new URLSearchParams();
  } catch {
    return { ok: false, detail: "the form can't be read, and the signature covers it" };
  }
  const addresses = addressForms(request.url);
  for (const secret of context.secrets) {
    const fitting = addresses.filter((address) => sameText(given, signTwilio(secret, address, fields)));
    if (fitting.length > 0) return { ok: true };
  }
  return {
    ok: false,
    detail: "the signature fits no auth token of the source; is the public address configured as Twilio calls it?",
  };
}

const bodyHashOf = (url: string): string | null =>
  URL.canParse(url) ? new URL(url).searchParams.get("bodySHA256") : null;

/** How Twilio may have written the address that it signed: port, escapes, and settings of its retries after a `#`. */
function addressForms(url: string): string[] {
  const written = [url.replace(/#.*$/s, ""), url];
  const normalised = written.filter((each) => URL.canParse(each)).map((each) => new URL(each).toString());
  const ported = [...written, ...normalised].flatMap((each) => [withoutPort(each), withPort(each)]);
  return [...new Set([...ported, ...ported.map(withLegacyQuery)])];
}

const authority = /^(https?:\/\/)((?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:]*))(:\d*)?/i;

const withoutPort = (url: string): string => url.replace(authority, "$1$2");

const withPort = (url: string): string =>
  url.replace(authority, (_match, scheme: string, host: string, port: string | undefined) => {
    return scheme + host + (port ?? (scheme.toLowerCase() === "https://" ? ":443" : ":80"));
  });

function withLegacyQuery(url: string): string {
  const start = url.indexOf("?");
  if (start === -1 || start === url.length - 1) return url;
  return `${url.slice(0, start)}?${stringifyLegacyQuery(parseLegacyQuery(url.slice(start + 1)))}`;
}
