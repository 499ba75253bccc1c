import { asObject, asText } from "../json.ts";
import type { Fields } from "../members.ts";

const libraryOf = (context: Fields): string => asText(asObject(context.library).name)?.toLowerCase() ?? "";

/**
 * Libraries that stamp `sentAt` once and keep it when they try again (analytics-java 3.5.4, analytics-go and RudderStack's of
 * both languages): the difference from our clock is then the wait, and no clock that is wrong. They run on servers.
 */
export const keepsSentAt = (context: Fields): boolean =>
  /(^|\W)(java|go)$|^(analytics|rudder\w*)[-_.](java|go)\b/.test(libraryOf(context));

/** Libraries that make an anonymous id anew for each message where none is given (RudderStack's for Go, 4.2.3). */
export const makesAnonymousIds = (context: Fields): boolean =>
  /(^|\W)go$|^(analytics|rudder\w*)[-_.]go\b/.test(libraryOf(context));
