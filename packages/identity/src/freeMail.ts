import companies from "company-email-validator/free_email_provider_domains.js";
import providers from "email-providers/all.json" with { type: "json" };
import domains from "free-email-domains";

/** What all lists lack of 161 providers that were looked up by country (see README). */
const ours = [
  ...["buziaczek.pl", "go2.pl", "internet.ru", "xmail.ru", "vk.com", "mail.kz", "online.ua", "volny.cz", "zoznam.sk"],
  ...["dir.bg", "gbg.bg", "one.lt", "takas.lt", "online.ee", "hispeed.ch", "tutanota.com", "tutamail.com", "tuta.io"],
  ...["bbox.fr", "numericable.fr", "telia.com", "bredband.net"],
];

/** Companies that a list takes for providers: their people's addresses, and nobody else's. */
const noProviders: ReadonlySet<string> = new Set([
  "facebook.com",
  "twitter.com",
  "telekom.de",
  "att.com",
  "alibaba.com",
]);

/** Domains where anybody may have a mailbox: three lists that are kept up, joined, for each lacks many of the others'. */
export const freeMail: ReadonlySet<string> = new Set([...providers, ...domains, ...companies, ...ours]).difference(
  noProviders,
);
