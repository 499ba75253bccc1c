import {
  type ConnectorContext,
  MalformedBody,
  type Outcome,
  type ParsedElement,
  type ProviderRequest,
} from "../connector.ts";
import { noMeaning, readAs, unknownType } from "../elements.ts";
import { parseJson } from "../json.ts";
import { noticeSchema, sentMail } from "./notice.ts";
import { readReceived } from "./received.ts";
import type { SesSettings } from "./ses.ts";
import { readSnsMessage } from "./sns.ts";

/** Words that stand for a notice without recipients of its own, or without meaning. */
const withoutMeaning = new Set(["Send", "DeliveryDelay"]);

/** One SNS message holds one notice of SES, which may cover several recipients. */
export function parseSes(request: ProviderRequest, context: ConnectorContext<SesSettings>): ParsedElement[] {
  const message = readSnsMessage(request.body);
  if (message === undefined) throw new MalformedBody("the body is no SNS message");
  const outcome =
    message.Type === "Notification"
      ? readNotice(message.Message, message.MessageId, context)
      : noMeaning(`${message.Type} of the topic`);
  return [{ raw: request.body, ...outcome }];
}

function readNotice(text: string, messageId: string, context: ConnectorContext<SesSettings>): Outcome {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(text));
  } catch {
    // SES tells in plain words that it may publish to the topic.
    return { unused: "test", detail: "a notification in plain text" };
  }
  return readAs(noticeSchema, value, (notice) => {
    const type = notice.eventType ?? notice.notificationType;
    if (type === undefined) return { fault: "eventType: is missing, and so is notificationType" };
    if (type === "Received") return readReceived(value, context);
    if (withoutMeaning.has(type)) return noMeaning(`${type} says nothing about the recipient`);
    return sentMail.get(type)?.(notice, messageId, context.settings) ?? unknownType(type);
  });
}
