import { identifierKinds } from "@keypulse/contracts";
import { kindFor, type NormaliseSettings, normaliseIdentifier } from "@keypulse/identity";
import type { Identifier } from "@keypulse/identity/store";
import { ApiFault } from "./apiFault.ts";

/** `email:ana@acme.example` as it is stored. @throws ApiFault 400 */
export function readIdentifier(text: string, settings: NormaliseSettings): Identifier {
  const colon = text.indexOf(":");
  const kind = identifierKinds.find((name) => name === text.slice(0, colon));
  if (kind === undefined) {
    throw new ApiFault(
      400,
      `"${text.slice(0, 100)}" does not name an identifier`,
      `write its kind, a colon and its value, such as email:ana@acme.example; kinds are ${identifierKinds.join(", ")}`,
    );
  }
  const value = normaliseIdentifier(kind, text.slice(colon + 1), settings);
  if (value === undefined) {
    throw new ApiFault(
      400,
      `this ${kind} can't be used`,
      "values such as guest or 0, and what is not of its kind, link nobody",
    );
  }
  return { kind: kindFor(kind, value), value };
}

export const identifierText = ({ kind, value }: { kind: string; value: string }): string => `${kind}:${value}`;
