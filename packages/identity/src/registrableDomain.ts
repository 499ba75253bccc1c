import { getDomain } from "tldts";

/** Hosts under which each customer has a name of its own, and that the public suffix list lacks. */
const hosts: ReadonlySet<string> = new Set([
  "onmicrosoft.com",
  "atlassian.net",
  "zendesk.com",
  "freshdesk.com",
  "wordpress.com",
  "narod.ru",
  "hop.ru",
  "ucoz.ru",
  "prv.pl",
]);

/**
 * The part of a host that somebody registered, by the public suffix list with its private part: a name under `spb.ru` or
 * `myshopify.com` is somebody's, these are nobody's.
 * @param host in lower case
 */
export function registrableDomain(host: string): string | undefined {
  const domain = getDomain(host, { allowPrivateDomains: true });
  if (domain === null || !hosts.has(domain)) return domain ?? undefined;
  const name = host
    .slice(0, -domain.length - 1)
    .split(".")
    .at(-1);
  return name ? `${name}.${domain}` : undefined;
}
