import { z } from "zod";
import type { ConnectorContext, Outcome } from "../connector.ts";
import { eventId, noMeaning, readAs } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { readReply } from "../mail/reply.ts";
import { optionalObject, requiredText, zonedInstant } from "../shapes.ts";
import type { SesSettings } from "./ses.ts";

const shape = z.looseObject({
  mail: z.looseObject({
    messageId: requiredText,
    timestamp: zonedInstant,
    source: requiredText,
    destination: z.array(z.string()).default([]),
    commonHeaders: optionalObject,
    headers: z.array(z.looseObject({ name: z.string(), value: z.string() })).default([]),
  }),
  receipt: optionalObject,
});

/** One incoming mail of a receipt rule; its `content` is not read. */
export function readReceived(value: unknown, context: ConnectorContext<SesSettings>): Outcome {
  return readAs(shape, value, ({ mail, receipt }) => {
    for (const verdict of ["spamVerdict", "virusVerdict"]) {
      if (asObject(receipt[verdict]).status === "FAIL") return noMeaning(`SES refused it by its ${verdict}`);
    }
    const { from } = mail.commonHeaders;
    return readReply(
      {
        id: eventId("reply", mail.messageId),
        at: mail.timestamp,
        // The envelope's sender may be a bounce address; the header names the author.
        from: (Array.isArray(from) ? asText(from[0]) : undefined) ?? mail.source,
        to: mail.destination,
        subject: asText(mail.commonHeaders.subject),
        messageId: asText(mail.commonHeaders.messageId),
        headers: mail.headers.map(({ name, value: text }): [string, string] => [name, text]),
      },
      context.settings,
    );
  });
}
