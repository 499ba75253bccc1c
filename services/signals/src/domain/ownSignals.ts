import type { Signal } from "@keypulse/contracts";
import { nameUuid } from "@keypulse/identity";
import type { Change } from "./changes.ts";

/** What of our own a signal may be about: a sender of events, or the way that all events take. */
export type OwnSubject = Exclude<Signal["subject"], "client">;

/** Id that stands in a client's place. */
export const idOfOwn = (subject: OwnSubject, name: string): string => nameUuid(`${subject}:${name}`);

export const aboutOwn = (change: Change, subject: OwnSubject, name: string, currency: string): Signal => ({
  ...change,
  subject,
  client_id: idOfOwn(subject, name),
  client_name: name,
  currency,
});
