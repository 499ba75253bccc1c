import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createIdentityResolver,
  createSettle,
  defaultIdentitySettings,
  identifierKey,
  linksOf,
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
    ["phone", "+1 212-555-0187 ext. 12", "+12125550187;ext=12"],
    ["phone", "+1 (212) 555-0187 x56", "+12125550187;ext=56"],
    ["phone", "+48 22 523 40 00 wew. 15", "+48225234000;ext=15"],
    ["phone", "+7 495 123-45-67 доб. 101", "+74951234567;ext=101"],
    ["phone", "+49 30 123456 Durchwahl 7", "+4930123456;ext=7"],
    ["phone", "+49 30 123456 App. 12", "+4930123456;ext=12"],
    ["phone", "+420 224 123 456 linka 12", "+420224123456;ext=12"],
    ["phone", "+55 11 3123-4567 ramal 12", "+551131234567;ext=12"],
    ["phone", "+81 3-1234-5678 内線12", "+81312345678;ext=12"],
    ["phone", "+36 1 234 5678 mellék 12", "+3612345678;ext=12"],
    ["phone", "+46 8 123 456 78 ankn. 12", "+46812345678;ext=12"],
    ["phone", "+52 1 55 1234 5678", "+525512345678"],
    ["phone", "+52 55 1234 5678", "+525512345678"],
    ["phone", "+55 11 8123-4567", "+5511981234567"],
    ["phone", "+55 11 98123-4567", "+5511981234567"],
    ["phone", "+55 11 3123-4567", "+551131234567"],
    ["phone", "+1 202-555-0123", undefined],
    ["email", "wiring-test@keypulse.example", undefined],
    ["domain", "mail.firma.spb.ru", "firma.spb.ru"],
    ["domain", "spb.ru", undefined],
    ["domain", "shop.uk.com", "shop.uk.com"],
    ["domain", "acme.onmicrosoft.com", "acme.onmicrosoft.com"],
    ["domain", "mail.acme.onmicrosoft.com", "acme.onmicrosoft.com"],
    ["domain", "onmicrosoft.com", undefined],
    ["domain", "myshopify.com", undefined],
    ["domain", "https://www.shop.acme.co.uk/x", "acme.co.uk"],
    ["user_id", " U-9 ", "U-9"],
    ["account_id", "ACME", "ACME"],
  ] as const)("%s %j becomes %j", (kind, raw, value) => {
    expect(normaliseIdentifier(kind, raw, british)).toBe(value);
    // Stored values are read again: normalised once more they are the same, whatever the country.
    if (value !== undefined) expect(normaliseIdentifier(kind, value, { defaultCountry: undefined })).toBe(value);
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

  it("takes a provider's customer number for weaker than an address, and alone for as good as nothing else", () => {
    const email = identifierKey("email", "ana@acme.example");
    for (const user_id of ["stripe:customer:cus_1", "shopify:customer:7", "woocommerce:shop:customer:5"]) {
      const number = identifierKey("anonymous_id", user_id);
      expect(resolve({ user_id, email: "ana@acme.example" })).toMatchObject({
        contactKey: email,
        person: [{ key: email }, { key: number, kind: "anonymous_id", value: user_id }],
      });
      expect(resolve({ user_id }).contactKey).toBe(number);
    }
    const own = identifierKey("user_id", "u-1");
    expect(resolve({ user_id: "u-1", email: "ana@acme.example" }).contactKey).toBe(own);
    expect(resolve({ user_id: "stripe:customer:cus_1", anonymous_id: "b-1" }).contactKey).toBe(
      identifierKey("anonymous_id", "b-1"),
    );
  });

  it("makes one client of eight checkouts under eight customer numbers and one address", () => {
    const proofs = Array.from({ length: 8 }, (_, month) => ({
      id: `evt_${month}`,
      source: "stripe",
      occurredAtMs: Date.UTC(2026, month),
      identity: resolve({ user_id: `stripe:customer:cus_11${month}`, email: "loyal@every-month.example" }),
    }));
    const links = proofs
      .flatMap((proof) => [...linksOf(proof)])
      .map(({ left, right, rule, occurredAtMs }) => ({
        left: left.key,
        leftKind: left.kind,
        right: right.key,
        rightKind: right.kind,
        rule,
        atMs: occurredAtMs,
      }));
    const { places } = createSettle(defaultIdentitySettings)(links);
    expect(new Set([...places.values()].map(({ client }) => client)).size).toBe(1);
    expect(places.size).toBe(9);
  });

  it("forgets the oldest when its memory is full, and still answers right", () => {
    const small = createIdentityResolver(british, defaultIdentitySettings, 2);
    for (let i = 0; i < 10; i++) expect(small({ user_id: `u${i}` }).contactKey).toBe(identifierKey("user_id", `u${i}`));
  });
});
