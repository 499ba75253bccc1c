import { z } from "zod";
import { tokenHeader, verifyToken } from "../bearer.ts";
import type { Connector, ParsedElement } from "../connector.ts";
import { checkExpression } from "./mapping.ts";
import { parseMapped } from "./parse.ts";

const settings = z.object({
  /** JSONata that makes one event, or a list of events, of a body. */
  expression: z
    .string()
    .min(1)
    .max(20_000)
    .superRefine((expression, context) => {
      const wrong = checkExpression(expression);
      if (wrong === undefined) return;
      const place = wrong.position === undefined ? "" : ` (see character ${wrong.position})`;
      context.addIssue({ code: "custom", message: `${wrong.fault}${place}` });
    }),
  /** A header in which the sender puts the token where it can use neither of ours. */
  token_header: z
    .string()
    .regex(/^[a-zA-Z0-9-]{1,64}$/, "must be a header's name")
    .transform((name) => name.toLowerCase())
    .optional(),
  /** A body as the sender sends it: what the wiring test sends. */
  sample: z.string().max(100_000).default("{}"),
});
export type MappedJsonSettings = z.infer<typeof settings>;

/** Anything else that posts JSON: an expression turns it into events of our vocabulary. */
export const mappedJson: Connector<MappedJsonSettings, Promise<ParsedElement[]>> = {
  name: "json",
  title: "JSON with a mapping",
  kind: "web",
  settings,
  secret: { label: "Token", origin: "keypulse", where: `the header Authorization: Bearer … or ${tokenHeader}` },
  setup: (address) => [
    "Paste a sample body and write the expression (JSONata, docs.jsonata.org) that makes an event of it; the try-out shows the result.",
    'An event is {"id", "type", "occurred_at", "identifiers", "properties"}; the id must be the sender\'s own, so that a repeated message is known as one. A body that is a list is mapped element by element.',
    "Beside the body there are $headers, $receivedAt, $bodyHash and $fromMinorUnits(2935, 2), which is “29.35”.",
    `Send as POST to ${address}, with the token in the header Authorization: Bearer …, ${tokenHeader}, or the one named in the settings.`,
  ],
  verify: (request, context) => verifyToken(request, context, context.settings.token_header),
  parse: parseMapped,
  sample(address, context) {
    const header = context.settings.token_header;
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/json",
        ...(header === undefined || header === "authorization"
          ? { authorization: `Bearer ${context.secrets[0]}` }
          : { [header]: context.secrets[0]! }),
      },
      body: Buffer.from(context.settings.sample),
    };
  },
};
