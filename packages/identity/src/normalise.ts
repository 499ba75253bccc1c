import type { IdentifierKind } from "@keypulse/contracts";
import type { CountryCode } from "libphonenumber-js/min";
import { normalisePhone } from "./normalisePhone.ts";
import { registrableDomain } from "./registrableDomain.ts";

/** Values that many senders put where an identifier is unknown. One of them would join strangers to one person. */
const blockedValues = new Set([
  "",
  "null",
  "undefined",
  "none",
  "nil",
  "nan",
  "n/a",
  "na",
  "0",
  "-1",
  "1",
  "true",
  "false",
  "guest",
  "anonymous",
  "unknown",
  "test",
  "user",
  "id",
  "email",
  "[object object]",
  "00000000-0000-0000-0000-000000000000",
  // Of wiring tests: they are nobody's.
  "wiring-test",
  "wiring-test@keypulse.example",
  "+12025550123",
  "+1 202-555-0123",
]);

const allZeros = /^[0-]+$/;
const emailShape = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export interface NormaliseSettings {
  /** ISO 3166 country that national phone numbers belong to, or undefined: then only +E.164 numbers are used. */
  defaultCountry: string | undefined;
}

/**
 * The one place that normalises identifiers.
 * E-mail: trimmed, lower-cased, sub-address kept. Phone: E.164, with its extension. Domain: the registrable part by the
 * public suffix list. Others: trimmed, as they are (case matters to many systems).
 * @returns the normalised value, or undefined where the value is blocked or not of its kind: it then links nobody.
 */
export function normaliseIdentifier(
  kind: IdentifierKind,
  raw: string,
  settings: NormaliseSettings,
): string | undefined {
  const value = raw.trim();
  const lower = value.toLowerCase();
  if (blockedValues.has(lower) || allZeros.test(lower)) return undefined;
  switch (kind) {
    case "email":
      return emailShape.test(lower) ? lower : undefined;
    case "phone": {
      return normalisePhone(value, settings.defaultCountry as CountryCode | undefined);
    }
    case "domain":
      return registrableDomain(lower);
    default:
      return value;
  }
}
