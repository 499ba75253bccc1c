import { asObject, asText } from "../json.ts";
import type { Fields } from "../members.ts";

/**
 * Reserved traits of several words, by their letters alone: written `createdAt`, `created_at` or `CREATEDAT`, they are
 * one trait. Source: Segment specification, "Identify" and "Group", reserved traits.
 */
const reservedNames = new Map([
  ["createdat", "created_at"],
  ["firstname", "first_name"],
  ["lastname", "last_name"],
  ["postalcode", "postal_code"],
  ["employeecount", "employee_count"],
]);

const alreadyPlain = /^[a-z0-9_]+$/;

/** A trait's name as we write it: small letters, words joined by underscores. */
export function traitName(name: string): string {
  if (alreadyPlain.test(name)) return reservedNames.get(name) ?? name;
  const letters = name.replace(/[\s_-]/g, "").toLowerCase();
  return (
    reservedNames.get(letters) ??
    (name
      .trim()
      .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
      .replace(/[\s-]+/g, "_")
      .toLowerCase() ||
      name)
  );
}

/** Traits under our names, those of `address` and `company` too. A null stays: it clears the trait. */
export function normaliseTraits(traits: Fields): Fields {
  return Object.fromEntries(
    Object.entries(traits).map(([given, value]) => {
      const name = traitName(given);
      const inner = asObject(value);
      const hasParts = inner === value && (name === "address" || name === "company");
      return [name, hasParts ? normaliseTraits(inner) : value];
    }),
  );
}

/** Who has a first and a last name, and nothing said of the whole name, is called by both. */
export function withFullName(traits: Fields): Fields {
  const [first, last] = [asText(traits.first_name), asText(traits.last_name)];
  return "name" in traits || first === undefined || last === undefined
    ? traits
    : { ...traits, name: `${first} ${last}` };
}

/** One trait as a text, whatever the case of its name. */
export function textTrait(traits: Fields, name: string): string | undefined {
  if (name in traits) return asText(traits[name]);
  const given = Object.keys(traits).find((other) => other.length === name.length && other.toLowerCase() === name);
  return given === undefined ? undefined : asText(traits[given]);
}
