import { createPublicKey, verify as verifySignature } from "node:crypto";
import { z } from "zod";
import type { ConnectorTools, ProviderRequest, Verification } from "../connector.ts";
import { parseJson } from "../json.ts";

/** Amazon's own pattern for hosts that serve certificates and confirmations of SNS. */
const snsHost = /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?$/;

const shape = z.looseObject({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string().min(1),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: z.string().nullish(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.string(),
  SigningCertURL: z.string(),
  SubscribeURL: z.string().optional(),
  Token: z.string().optional(),
});
export type SnsMessage = z.infer<typeof shape>;

const signedMembers = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const;

/** @returns undefined where the body is no SNS message */
export function readSnsMessage(body: Buffer): SnsMessage | undefined {
  try {
    return shape.safeParse(parseJson(body)).data;
  } catch {
    return undefined;
  }
}

/** Names and values of the members that are there, each on a line. */
export function stringToSign(message: SnsMessage): string {
  const lines = signedMembers[message.Type].map((name) => {
    const value = message[name];
    return value === undefined || value === null ? "" : `${name}\n${value}\n`;
  });
  return lines.join("");
}

/** Whether an address is one of SNS itself; no other is ever fetched. */
export function isSnsAddress(address: string | undefined): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const { protocol, host, username, password } = new URL(address);
  return protocol === "https:" && snsHost.test(host) && username === "" && password === "";
}

/**
 * Checks that SNS signed the message and that it is of the expected topic: anybody can have SNS sign theirs.
 * Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages".
 * @throws what `download` throws, so that an outage of Amazon's or ours has the message sent again
 */
export async function verifySns(
  request: ProviderRequest,
  topicArn: string,
  tools: ConnectorTools,
): Promise<Verification> {
  if (request.headers["x-amz-sns-rawdelivery"] === "true") {
    return { ok: false, detail: "raw message delivery is unsigned: switch it off in the subscription" };
  }
  const message = readSnsMessage(request.body);
  if (message === undefined) return { ok: false, detail: "the body is no signed SNS message" };
  if (message.TopicArn !== topicArn) return { ok: false, detail: "the message is of another topic than the source's" };
  const { SigningCertURL: address } = message;
  if (!isSnsAddress(address) || !new URL(address).pathname.endsWith(".pem")) {
    return { ok: false, detail: "SigningCertURL is not an address of SNS" };
  }
  const certificate = await tools.download(address);
  const algorithm = message.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256";
  const signature = Buffer.from(message.Signature, "base64");
  try {
    if (verifySignature(algorithm, Buffer.from(stringToSign(message)), createPublicKey(certificate), signature)) {
      return { ok: true };
    }
  } catch {
    return { ok: false, detail: "the signing certificate can't be read" };
  }
  return { ok: false, detail: "the signature does not fit the message" };
}
