import { randomUUID } from "node:crypto";
import { z } from "zod";
import { tokenHeader, verifyToken } from "../bearer.ts";
import type { Connector } from "../connector.ts";
import { answerHandshake } from "./handshake.ts";
import { readMessage } from "./httpBinding.ts";

/** Events of our vocabulary from any sender that speaks CloudEvents 1.0 over HTTP, in any of its three modes. */
export const cloudevents: Connector = {
  name: "cloudevents",
  title: "CloudEvents",
  kind: "web",
  settings: z.object({}),
  secret: { label: "Token", origin: "keypulse", where: `the header Authorization: Bearer … or ${tokenHeader}` },
  setup: (address) => [
    `Send events as POST to ${address}, in binary, structured or batch mode, with the token in the header Authorization: Bearer …`,
    "The type is one of our vocabulary, such as order.placed. The data hold identifiers and properties; data without these two members are read as the properties.",
    "Senders that ask for permission first (OPTIONS with WebHook-Request-Origin) get it.",
  ],
  handshake: (request) => answerHandshake(request),
  verify: (request, context) => verifyToken(request, context),
  parse: (request, context) => readMessage(request, context.receivedAt),
  sample(address, context) {
    return {
      method: "POST",
      url: address,
      headers: {
        authorization: `Bearer ${context.secrets[0]}`,
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-type": "web.page_viewed",
        "ce-source": "/wiring-test",
        "ce-id": randomUUID(),
        "ce-time": context.receivedAt.toISOString(),
      },
      body: Buffer.from(
        JSON.stringify({
          identifiers: { email: "wiring-test@keypulse.example" },
          properties: { url: "https://keypulse.example/wiring-test" },
        }),
      ),
    };
  },
};
