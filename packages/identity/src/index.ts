export { createCompanyDomain } from "./companyDomain.ts";
export { kindFor } from "./customerNumber.ts";
export type { Era } from "./eras.ts";
export * from "./key.ts";
export { joiningRules, kindNumber, kindOfNumber, type Link, type LinkRule, linkRules } from "./link.ts";
export { linksOf, type Proof, type ProvenLink } from "./linksOf.ts";
export * from "./normalise.ts";
export * from "./resolve.ts";
export {
  defaultIdentitySettings,
  type IdentitySettings,
  identityFingerprint,
  identitySettingsShape,
  isContactKind,
} from "./settings.ts";
export { createSettle, type Place, type Settled } from "./settle.ts";
export type { RefusalReason, Refused } from "./unite.ts";
