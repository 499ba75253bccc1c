import { hash } from "node:crypto";
import type { IdentifierKind } from "@keypulse/contracts";

/** The key of nobody: an event without usable identifiers. It is stored, but belongs to no client. */
export const nobody = "00000000-0000-0000-0000-000000000000";

/**
 * The key of one normalised identifier: a name-based UUID (RFC 9562, version 8) over `kind:value` by SHA-1.
 * It never changes, so rows stamped with it never have to be rewritten when identities merge or part.
 */
export function identifierKey(kind: IdentifierKind, value: string): string {
  return nameUuid(`${kind}:${value}`);
}

/** A UUID that is a pure function of its name: same name, same id, on every machine. */
export function nameUuid(name: string): string {
  const digest = hash("sha1", name, "buffer");
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString("hex", 0, 16);
  // Written at once: a text put together from pieces would keep all of them in memory.
  uuid.write(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
    "latin1",
  );
  return uuid.toString("latin1");
}

const uuid = Buffer.alloc(36);
