import { z } from "zod";
import type { ConnectorContext, Outcome } from "../connector.ts";
import { eventId, readAs } from "../elements.ts";
import { mailDate, readReply } from "../mail/reply.ts";
import { optionalText, unixSeconds } from "../shapes.ts";
import type { MailgunSettings } from "./mailgun.ts";

const shape = z.looseObject({
  from: optionalText,
  sender: optionalText,
  recipient: optionalText,
  subject: optionalText,
  "Message-Id": optionalText,
  Date: optionalText,
  token: optionalText,
  timestamp: unixSeconds,
  "message-headers": optionalText,
});

/** Mailgun writes them as the JSON text of `[[name, value], …]`. */
const headerPairs = z.array(z.tuple([z.string(), z.string()]));

/** One incoming mail; its text is not read. */
export function readRoute(fields: URLSearchParams, context: ConnectorContext<MailgunSettings>): Outcome {
  return readAs(shape, Object.fromEntries(fields), (mail) => {
    const from = mail.from ?? mail.sender;
    if (from === undefined) return { fault: "from: is missing" };
    const headers = headersOf(mail["message-headers"]);
    if (headers === undefined) return { fault: "message-headers: must be the JSON text of pairs of name and value" };
    const header = (name: string) => headers.find(([given]) => given.toLowerCase() === name)?.[1];
    const messageId = mail["Message-Id"] ?? header("message-id");
    // Two routes may forward one mail; both carry its Message-ID, each has its own token.
    const own = messageId ?? mail.token;
    if (own === undefined) return { fault: "Message-Id: is missing, and so is token" };
    const at = mailDate(mail.Date ?? header("date"), new Date(mail.timestamp));
    const incoming = { at, from, to: [mail.recipient ?? ""], subject: mail.subject, messageId, headers };
    return readReply({ id: eventId("reply", own), ...incoming }, context.settings);
  });
}

function headersOf(text: string | undefined): [string, string][] | undefined {
  if (text === undefined) return [];
  try {
    return headerPairs.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
