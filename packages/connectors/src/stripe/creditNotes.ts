import { isZero, subtractDecimals } from "../amounts.ts";
import type { MappedEvent, Outcome } from "../connector.ts";
import { noMeaning } from "../elements.ts";
import { asText } from "../json.ts";
import { neededText } from "../members.ts";
import { neededCurrency, neededMinorUnits, partOf } from "./minorUnits.ts";
import { idOf, payerOf, peopleOf } from "./people.ts";
import { type StripeEvent, step } from "./stripeEvent.ts";

/**
 * A credit note takes away what an invoice still owes. Of one that was paid, money goes back by refunds, which are told
 * themselves, or into the balance, which makes the next invoice smaller; what was paid back beside Stripe is told here
 * alone. One that was voided takes nothing.
 */
export function creditNoteChanged({ type, object: note, created }: StripeEvent): Outcome {
  const id = neededText(note, "id");
  const invoice = idOf(note.invoice);
  if (invoice === undefined) return noMeaning("a credit note of no invoice");
  const currency = neededCurrency(note);
  const isVoid = type === "credit_note.voided";
  const total = neededMinorUnits(note, currency, "amount", "total");
  const afterwards = partOf(note.post_payment_amount, currency) ?? "0";
  const owed = partOf(note.pre_payment_amount, currency) ?? subtractDecimals(total, afterwards);
  const outside = partOf(note.out_of_band_amount, currency) ?? "0";
  const who = peopleOf(note);
  const events: MappedEvent[] = [];
  if (!isZero(owed)) {
    events.push(
      step(id, isVoid ? "voided" : "credited", "invoice.credited", created, who, {
        invoice_id: invoice,
        order_id: invoice,
        credit_id: id,
        payer: payerOf(note),
        amount: isVoid ? "0.00" : owed,
        currency,
        reason: asText(note.reason),
      }),
    );
  }
  if (!isZero(outside)) {
    const refund = { order_id: invoice, refund_id: id, amount: outside, currency, reason: asText(note.reason) };
    events.push(
      isVoid
        ? step(id, "refund-voided", "refund.failed", created, who, { order_id: invoice, refund_id: id })
        : step(id, "refunded", "order.refunded", created, who, refund),
    );
  }
  return events.length > 0 ? { events } : noMeaning(`${type}: its refunds or the next invoice tell it`);
}
