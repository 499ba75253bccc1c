declare module "company-email-validator/free_email_provider_domains.js" {
  const domains: ReadonlySet<string>;
  export default domains;
}
declare module "free-email-domains" {
  const domains: readonly string[];
  export default domains;
}
