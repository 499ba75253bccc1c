import type { EventType } from "@keypulse/contracts";

/**
 * Types of Bounce, which is anything that came back, by who refused it: the address (bounced), Postmark or we (dropped), a
 * person (complained, unsubscribed). Types that are not here are no refusal (an auto-responder, a challenge).
 * Source: Postmark, "Bounce API", bounce types.
 */
export const bounceTypes: ReadonlyMap<string, EventType> = new Map(
  Object.entries({
    HardBounce: "email.bounced",
    BadEmailAddress: "email.bounced",
    SoftBounce: "email.bounced",
    Blocked: "email.bounced",
    SpamNotification: "email.bounced",
    VirusNotification: "email.bounced",
    DMARCPolicy: "email.bounced",
    ManuallyDeactivated: "email.dropped",
    SMTPApiError: "email.dropped",
    TemplateRenderingFailed: "email.dropped",
    SpamComplaint: "email.complained",
    Unsubscribe: "email.unsubscribed",
  } as const),
);

/** Refused by the receiver's filter or policy, whatever the address is worth. */
export const refusedByFilter: ReadonlySet<string> = new Set([
  "Blocked",
  "SpamNotification",
  "VirusNotification",
  "DMARCPolicy",
]);
