import type { Identifiers } from "@keypulse/contracts";
import { present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import type { Fields } from "../members.ts";

/** A member that is an id, or the object itself where the sender expanded it. */
export const idOf = (value: unknown): string | undefined => asText(value) ?? asText(asObject(value).id);

/** The payer's account with the merchant: a customer, or an account of API v2. */
export const payerOf = (object: Fields): string | undefined => idOf(object.customer) ?? asText(object.customer_account);

/**
 * Who is behind an object; each kind of object says it in members of its own. Metadata are the merchant's: ids that
 * they call by our names are taken. `client_reference_id` may be a customer or a cart, so it names nobody.
 */
export function peopleOf(object: Fields): Identifiers {
  const metadata = asObject(object.metadata);
  const customer = payerOf(object);
  const details = asObject(object.customer_details);
  const billing = asObject(object.billing_details);
  return present({
    account_id: asText(metadata.account_id),
    crm_id: asText(metadata.crm_id),
    user_id: asText(metadata.user_id) ?? (customer && `stripe:customer:${customer}`),
    email:
      asText(object.customer_email) ?? asText(details.email) ?? asText(billing.email) ?? asText(object.receipt_email),
    phone: asText(object.customer_phone) ?? asText(details.phone) ?? asText(billing.phone),
  });
}
