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
  const hex = hash("sha1", name, "hex");
  const variant = "89ab"[Number.parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
