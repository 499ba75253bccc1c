import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createIdentityResolver,
  defaultIdentitySettings,
  identifierKey,
  nameUuid,
  nobody,
  normaliseIdentifier,
} from "./index.ts";

const british = { defaultCountry: "GB" } as const;

describe("normaliseIdentifier", () => {
  it.each([
    ["email", "  Ana.B+news@ACME.example ", "ana.b+news@acme.example"],
    ["phone", "+44 20 7946 0018", "+442079460018"],
    ["phone", "020 7946 0018", "+442079460018"],
    ["domain", "https://www.shop.acme.co.uk/x", "acme.co.uk"],
    ["user_id", " U-9 ", "U-9"],
    ["account_id", "ACME", "ACME"],
  ] as const)("%s %j becomes %j", (kind, raw, value) => {
    expect(normaliseIdentifier(kind, raw, british)).toBe(value);
  });

  it.each([
    "",
    " ",
    "null",
    "undefined",
    "0",
    "-1",
    "Guest",
    "anonymous",
    "[object Object]",
    "00000000-0000-0000-0000-000000000000",
    "000",
  ])("refuses %j, which would join strangers", (raw) => {
    expect(normaliseIdentifier("user_id", raw, british)).toBeUndefined();
  });

  it("uses national phone numbers only where the country is known", () => {
    expect(normaliseIdentifier("phone", "020 7946 0018", { defaultCountry: undefined })).toBeUndefined();
    expect(normaliseIdentifier("email", "not-an-address", british)).toBeUndefined();
  });

  it("is stable: what is normalised stays as it is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("email", "user_id", "anonymous_id", "account_id", "crm_id"),
        fc.string(),
        (kind, raw) => {
          const once = normaliseIdentifier(kind as "email", raw, british);
          if (once !== undefined) expect(normaliseIdentifier(kind as "email", once, british)).toBe(once);
        },
      ),
    );
  });
});

describe("keys", () => {
  it("are version 8 UUIDs that depend on kind and value alone", () => {
    const key = identifierKey("email", "ana@acme.example");
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(key).toBe(nameUuid("email:ana@acme.example"));
    expect(identifierKey("user_id", "ana@acme.example")).not.toBe(key);
  });
});

describe("createIdentityResolver", () => {
  const resolve = createIdentityResolver(british);

  it("stamps with the account, else the strongest identifier of the person, else nobody", () => {
    const account = identifierKey("account_id", "acme");
    const email = identifierKey("email", "ana@acme.example");
    expect(resolve({ account_id: "acme", email: "Ana@acme.example", anonymous_id: "b" })).toMatchObject({
      clientKey: account,
      contactKey: email,
    });
    expect(resolve({ anonymous_id: "b", email: "ana@acme.example" })).toMatchObject({
      clientKey: email,
      contactKey: email,
    });
    expect(resolve({ email: "guest" })).toMatchObject({ clientKey: nobody, contactKey: nobody, person: [] });
  });

  it("forgets the oldest when its memory is full, and still answers right", () => {
    const small = createIdentityResolver(british, defaultIdentitySettings, 2);
    for (let i = 0; i < 10; i++) expect(small({ user_id: `u${i}` }).contactKey).toBe(identifierKey("user_id", `u${i}`));
  });
});
