import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { StoredSecret } from "./source.ts";

/** Setting of the services that read or make secrets. */
export const secretKeyShape = {
  /** 32 bytes, base64. Sources' signing secrets are sealed under it; keep it as long as they are needed. */
  KEYPULSE_SECRET_KEY: z
    .base64("must be 32 bytes as base64; make one with: openssl rand -base64 32")
    .refine((text) => Buffer.from(text, "base64").length === 32, {
      error: "must be 32 bytes as base64; make one with: openssl rand -base64 32",
    }),
};

export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** AES-256-GCM: nonce, tag and cipher text as base64. The source's id is bound to it. */
export function sealSecret(secret: string, key: string, sourceId: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "base64"), nonce).setAAD(Buffer.from(sourceId));
  const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64");
}

/** @throws Error where the key is another one, or the secret was moved or changed */
export function openSecret(sealed: string, key: string, sourceId: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(key, "base64"), bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from(sourceId)).setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}

/** A new secret for a provider: the form that Standard Webhooks libraries want, 32 random bytes. */
export const newSigningSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;
/** A new write key for the Segment API; browsers show it to everybody. */
export const newWriteKey = (): string => `wk_${randomBytes(18).toString("base64url")}`;

/** How a secret is kept. @param sealUnder absent where it is only compared */
export function storeSecret(secret: string, sourceId: string, nowMs: number, sealUnder?: string): StoredSecret {
  return {
    hash: hashSecret(secret),
    hint: secret.slice(-4),
    created_at: new Date(nowMs).toISOString(),
    ...(sealUnder === undefined ? {} : { sealed: sealSecret(secret, sealUnder, sourceId) }),
  };
}

export const isValid = (secret: StoredSecret, nowMs: number): boolean =>
  secret.expires_at === undefined || Date.parse(secret.expires_at) > nowMs;
