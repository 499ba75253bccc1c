import type { ContractEvent } from "@keypulse/contracts";
import { createIdentityResolver, defaultIdentitySettings, identifierKey } from "@keypulse/identity";
import { describe, expect, it } from "vitest";
import { createLeaveOutErased } from "./leaveOutErased.ts";

const resolve = createIdentityResolver(
  { defaultCountry: undefined },
  { ...defaultIdentitySettings, IDENTITY_COMPANY_DOMAINS: "on" },
);
/** The client acme with its domain, and a person of another client. */
const erased = new Set([
  identifierKey("account_id", "acme"),
  identifierKey("domain", "acme.example"),
  identifierKey("user_id", "ana-7"),
]);
const leaveOut = createLeaveOutErased({ has: (key) => erased.has(key), none: false }, resolve);

/** What is left of an event: its identifiers, and the companies that its identity names. */
function left(identifiers: Record<string, string>, given: { type?: string; previous?: Record<string, string> } = {}) {
  const event = { type: "web.page_viewed", properties: { amount: "1", note: "for ana" }, ...given, identifiers };
  const alias = given.previous === undefined ? undefined : resolve(given.previous);
  const kept = leaveOut({ event: event as unknown as ContractEvent, identity: resolve(identifiers) }, alias);
  if (kept === undefined) return undefined;
  const { companies, values } = kept.identity;
  expect(kept.event.identifiers).toEqual(values);
  return { ...values, companies: companies.map(({ domain }) => domain.value) };
}

describe("what comes late of who was erased", () => {
  it("is not taken: a client's, by account, by domain, or by the domain of somebody's address", () => {
    expect(left({ account_id: "acme", user_id: "bob" })).toBeUndefined();
    expect(left({ domain: "acme.example" })).toBeUndefined();
    // Named the erased company again, through a person who was not known before.
    expect(left({ email: "new@acme.example" })).toBeUndefined();
    expect(left({ account_id: "beta" }, { type: "alias", previous: { account_id: "acme" } })).toBeUndefined();
  });

  it("stays another client's, without naming the company", () => {
    expect(left({ account_id: "beta", email: "new@acme.example" })).toEqual({
      account_id: "beta",
      email: "new@acme.example",
      companies: [],
    });
    expect(left({ account_id: "beta", domain: "acme.example" })).toEqual({ account_id: "beta", companies: [] });
  });

  it("stays the company's without the person, and is nobody's where the person is all", () => {
    expect(left({ account_id: "beta", user_id: "ana-7" })).toEqual({ account_id: "beta", companies: [] });
    expect(left({ user_id: "ana-7" })).toBeUndefined();
  });

  it("is another's where the same value is of another kind", () => {
    const other = { crm_id: "ana-7", email: "carl@globex.example" };
    expect(left(other)).toEqual({ ...other, companies: ["globex.example"] });
    expect(left({ user_id: "acme" })).toEqual({ user_id: "acme", companies: [] });
  });
});
