import { describe, expect, it } from "vitest";
import { normaliseTraits, textTrait, traitName, withFullName } from "./traits.ts";

describe("Traits", () => {
  it.each([
    ["createdAt", "created_at"],
    ["created_at", "created_at"],
    ["CREATEDAT", "created_at"],
    ["FirstName", "first_name"],
    ["firstname", "first_name"],
    ["Email", "email"],
    ["planTier", "plan_tier"],
    ["Plan Tier", "plan_tier"],
    ["plan-tier", "plan_tier"],
    ["URL", "url"],
    ["apiURLPrefix", "api_url_prefix"],
    ["$custom", "$custom"],
    ["Größe", "größe"],
    [" ", " "],
  ])("%j is written %j", (given, expected) => {
    expect(traitName(given)).toBe(expected);
  });

  it("keep null, which clears them, and have the parts of address and company under our names", () => {
    const given = { Phone: null, address: { postalCode: "1", geo: { subField: 1 } }, company: "Acme", tags: ["A"] };
    expect(normaliseTraits(given)).toEqual({
      phone: null,
      address: { postal_code: "1", geo: { subField: 1 } },
      company: "Acme",
      tags: ["A"],
    });
  });

  it("whose name is that of an object's own workings are traits like others", () => {
    const given = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as Record<string, unknown>;
    expect(JSON.stringify(normaliseTraits(given))).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });

  it("name a person by first and last name unless the name is said, or cleared", () => {
    expect(withFullName({ first_name: "Ana", last_name: "Silva" })).toMatchObject({ name: "Ana Silva" });
    expect(withFullName({ first_name: "Ana", last_name: "Silva", name: null })).toMatchObject({ name: null });
    expect(withFullName({ first_name: "Ana" })).not.toHaveProperty("name");
  });

  it("are found in any case", () => {
    expect(textTrait({ EMAIL: "a@b.example" }, "email")).toBe("a@b.example");
    expect(textTrait({ email: null, Email: "a@b.example" }, "email")).toBeUndefined();
    expect(textTrait({ mail: "a@b.example" }, "email")).toBeUndefined();
  });
});
