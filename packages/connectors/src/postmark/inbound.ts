import { z } from "zod";
import type { ConnectorContext, Outcome } from "../connector.ts";
import { eventId, readAs, unknownType } from "../elements.ts";
import { asText } from "../json.ts";
import { mailDate, readReply } from "../mail/reply.ts";
import { optionalText, requiredText } from "../shapes.ts";
import type { PostmarkSettings } from "./postmark.ts";

const shape = z.looseObject({
  FromFull: z.looseObject({ Email: requiredText }),
  MessageID: requiredText,
  Subject: optionalText,
  Date: optionalText,
  OriginalRecipient: optionalText,
  MailboxHash: optionalText,
  Headers: z.array(z.looseObject({ Name: z.string(), Value: z.string() })).default([]),
});

/** One incoming mail; its text is not read. */
export function readInbound(body: Record<string, unknown>, context: ConnectorContext<PostmarkSettings>): Outcome {
  if (asText(body.MessageID) === undefined) return unknownType("without RecordType and MessageID");
  return readAs(shape, body, (mail) => {
    const headers = mail.Headers.map(({ Name, Value }): [string, string] => [Name, Value]);
    const messageId = headers.find(([name]) => name.toLowerCase() === "message-id")?.[1];
    return readReply(
      {
        id: eventId("reply", mail.MessageID),
        at: mailDate(mail.Date, context.receivedAt),
        from: mail.FromFull.Email,
        to: [mail.OriginalRecipient ?? ""],
        token: mail.MailboxHash,
        subject: mail.Subject,
        messageId,
        headers,
      },
      context.settings,
    );
  });
}
