import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  isValid,
  newSigningSecret,
  newWriteKey,
  openSecret,
  sealSecret,
  secretKeyShape,
  storeSecret,
} from "./secrets.ts";

const key = Buffer.alloc(32, 1).toString("base64");
const otherKey = Buffer.alloc(32, 2).toString("base64");

describe("secrets", () => {
  it("are opened by the key and the source that sealed them alone", () => {
    const sealed = sealSecret("hush", key, "shop");
    expect(sealed).not.toContain("hush");
    expect(openSecret(sealed, key, "shop")).toBe("hush");
    expect(() => openSecret(sealed, otherKey, "shop")).toThrow();
    expect(() => openSecret(sealed, key, "other-shop")).toThrow();
    const changed = Buffer.from(sealed, "base64");
    changed[changed.length - 1]! ^= 1;
    expect(() => openSecret(changed.toString("base64"), key, "shop")).toThrow();
  });

  it("that are only compared can't be read again", () => {
    const stored = storeSecret("wk_very_public", "shop", 0);
    expect(JSON.stringify(stored)).not.toContain("wk_very");
    expect(stored).toMatchObject({ hint: "blic", created_at: "1970-01-01T00:00:00.000Z" });
    expect(stored.sealed).toBeUndefined();
  });

  it("are valid until their end", () => {
    const stored = { ...storeSecret("s", "shop", 0), expires_at: "2026-01-01T00:00:00.000Z" };
    expect(isValid(stored, Date.parse("2025-12-31T23:59:59Z"))).toBe(true);
    expect(isValid(stored, Date.parse("2026-01-01T00:00:00Z"))).toBe(false);
  });

  it("are made new each time", () => {
    expect(new Set([newWriteKey(), newWriteKey(), newSigningSecret(), newSigningSecret()]).size).toBe(4);
  });

  it("need a key of 32 bytes", () => {
    const schema = z.object(secretKeyShape);
    expect(schema.safeParse({ KEYPULSE_SECRET_KEY: key }).success).toBe(true);
    expect(schema.safeParse({ KEYPULSE_SECRET_KEY: "c2hvcnQ=" }).error?.message).toContain("openssl rand");
  });
});
