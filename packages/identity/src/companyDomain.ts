import { freeMail } from "./freeMail.ts";
import { normaliseIdentifier } from "./normalise.ts";
import type { IdentitySettings } from "./settings.ts";

/**
 * The company that an e-mail address or a domain speaks for.
 * @returns the registrable domain, or undefined for free mail, for the workspace's own domains and where there is none
 */
export function createCompanyDomain(settings: IdentitySettings): (addressOrDomain: string) => string | undefined {
  const none = new Set([...settings.IDENTITY_OWN_DOMAINS, ...settings.IDENTITY_FREE_MAIL].map((d) => d.toLowerCase()));
  return (addressOrDomain) => {
    const host = addressOrDomain.slice(addressOrDomain.lastIndexOf("@") + 1);
    // Providers are listed by host too (such as one of several under a shared registrable domain).
    if (freeMail.has(host) || none.has(host)) return undefined;
    const domain = normaliseIdentifier("domain", host, { defaultCountry: undefined });
    return domain === undefined || freeMail.has(domain) || none.has(domain) ? undefined : domain;
  };
}
