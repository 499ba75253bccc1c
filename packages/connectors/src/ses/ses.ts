import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Connector } from "../connector.ts";
import { mailSettings } from "../mail/mailEvent.ts";
import { replySettings } from "../mail/reply.ts";
import { parseSes } from "./parse.ts";
import { isSnsAddress, readSnsMessage, verifySns } from "./sns.ts";

export const sesSettings = z.object({
  ...mailSettings.shape,
  ...replySettings.shape,
  /** The only topic that is believed and whose subscription is confirmed. */
  topic_arn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, "must be the ARN of a standard SNS topic"),
});
export type SesSettings = z.infer<typeof sesSettings>;

/** Amazon SES through an SNS topic: what became of sent mail, and incoming mail of a receipt rule. */
export const ses: Connector<SesSettings> = {
  name: "ses",
  title: "Amazon SES through SNS",
  kind: "email",
  settings: sesSettings,
  secret: { label: "none", origin: "none", where: "Amazon signs with its own certificate; the topic's ARN is trusted" },
  setup: (address) => [
    "In Amazon SNS create a standard topic and put its ARN into this source's settings.",
    "In Amazon SES create a configuration set with an event destination of type SNS: choose deliveries, bounces, complaints, rejects, opens, clicks, rendering failures and subscriptions.",
    `In SNS create a subscription of the topic: protocol HTTPS, endpoint ${address}, raw message delivery off.`,
    "The subscription confirms itself within a minute.",
  ],
  verify: (request, context, tools) => verifySns(request, context.settings.topic_arn, tools),
  async handshake(request, context, tools) {
    const message = readSnsMessage(request.body);
    if (message?.Type !== "SubscriptionConfirmation" || !isSnsAddress(message.SubscribeURL)) return undefined;
    const genuine = await verifySns(request, context.settings.topic_arn, tools);
    return genuine.ok ? { reply: { status: 200 }, confirm: message.SubscribeURL! } : undefined;
  },
  parse: parseSes,
  onlyProviderSigns: true,
  sample(address, context) {
    const at = context.receivedAt.toISOString();
    const notification = {
      Type: "Notification",
      MessageId: randomUUID(),
      TopicArn: context.settings.topic_arn,
      Message: JSON.stringify({
        eventType: "Delivery",
        mail: { timestamp: at, messageId: "wiring-test", destination: ["wiring-test@keypulse.example"], tags: {} },
        delivery: { timestamp: at, recipients: ["wiring-test@keypulse.example"] },
      }),
      Timestamp: at,
      SignatureVersion: "2",
      Signature: "",
      SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService.pem",
    };
    return {
      method: "POST",
      url: address,
      headers: { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification" },
      body: Buffer.from(JSON.stringify(notification)),
    };
  },
};
