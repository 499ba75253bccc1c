import { randomBytes } from "node:crypto";
import type { AnyConnector } from "@keypulse/connectors";
import { isValid, newSigningSecret, newWriteKey, type Source, type StoredSecret, storeSecret } from "@keypulse/sources";
import { ApiFault } from "./apiFault.ts";

/** Safe in addresses (HTTP Basic), headers and forms: 32 random bytes. */
const newPassword = (): string => randomBytes(32).toString("base64url");

/** Connectors whose secret has a form of its own; all others take any text. */
const makers: Readonly<Record<string, () => string>> = {
  standardwebhooks: newSigningSecret,
  segment: newWriteKey,
};
/** Connectors whose secret is only recognised, never signed with: its hash is enough. */
const comparedOnly: ReadonlySet<string> = new Set(["segment"]);
/** As many as the settings hold. */
const mostSecrets = 5;

export interface SecretContext {
  nowMs: number;
  secretKey: string;
}

/** A secret as it is kept and, where Keypulse made it, in plain text to be shown once. */
export interface NewSecret {
  stored: StoredSecret;
  shown?: string;
}

/**
 * @param given pasted by a person; without it Keypulse makes one where that is the connector's way
 * @returns undefined where the provider's secret is still to come, or there is none
 * @throws ApiFault where the connector has no secret
 */
export function makeSecret(
  connector: AnyConnector | undefined,
  sourceId: string,
  given: string | undefined,
  { nowMs, secretKey }: SecretContext,
): NewSecret | undefined {
  const origin = connector?.secret.origin ?? "none";
  if (origin === "none") {
    if (given === undefined) return undefined;
    throw new ApiFault(400, "this connector has no secret", "secret: leave it out");
  }
  if (given === undefined && origin === "provider") return undefined;
  const secret = given?.trim() ?? (makers[connector!.name] ?? newPassword)();
  if (secret.length < 8) throw new ApiFault(400, "this secret is too short", "secret: must have at least 8 characters");
  const sealUnder = comparedOnly.has(connector!.name) ? undefined : secretKey;
  return {
    stored: storeSecret(secret, sourceId, nowMs, sealUnder),
    ...(given === undefined ? { shown: secret } : {}),
  };
}

/** Puts a new secret first; those before it end after the overlap. @throws ApiFault where there are too many */
export function withNewSecret(source: Source, stored: StoredSecret, nowMs: number, overlapHours: number): Source {
  const endsMs = nowMs + overlapHours * 3_600_000;
  const before = source.secrets
    .filter((secret) => secret.hash !== stored.hash && isValid(secret, nowMs))
    .map((secret) => ({ ...secret, expires_at: earliest(secret.expires_at, endsMs) }));
  if (before.length >= mostSecrets) {
    throw new ApiFault(409, `this source has ${before.length} secrets that are valid`, "revoke one of them first");
  }
  return { ...source, secrets: [stored, ...before.filter((secret) => isValid(secret, nowMs))] };
}

const earliest = (before: string | undefined, endsMs: number): string =>
  new Date(before === undefined ? endsMs : Math.min(Date.parse(before), endsMs)).toISOString();

/** @throws ApiFault where no secret, or more than one, has this beginning of a hash */
export function withoutSecret(source: Source, hashPrefix: string): Source {
  const found = source.secrets.filter(({ hash }) => hash.startsWith(hashPrefix.toLowerCase()));
  if (found.length !== 1) {
    const known = source.secrets.map(({ hash, hint }) => `${hash.slice(0, 8)} (…${hint})`).join(", ") || "none";
    throw new ApiFault(
      found.length === 0 ? 404 : 409,
      found.length === 0 ? "no secret has this hash" : "several secrets' hashes begin like this",
      `this source has: ${known}`,
    );
  }
  return { ...source, secrets: source.secrets.filter((secret) => secret !== found[0]) };
}
