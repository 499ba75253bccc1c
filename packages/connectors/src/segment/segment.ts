import { createHash, randomUUID } from "node:crypto";
import {
  type Connector,
  type ConnectorContext,
  MalformedBody,
  type ParsedElement,
  type ProviderRequest,
} from "../connector.ts";
import { asObject, parseJson } from "../json.ts";
import { batchOf, oneMessage, segmentEndpoints } from "./body.ts";
import { mapSegmentMessage } from "./message.ts";
import { type SegmentSourceSettings, segmentSourceSettings } from "./sourceSettings.ts";
import { storedMessage } from "./stored.ts";

/** The collector's address, of which the libraries add `/v1/…` themselves; a webhook address has `/hooks/…` beside it. */
const collectorOf = (address: string): string => address.replace(/\/hooks\/[^/]*\/?$/, "").replace(/\/+$/, "");

/**
 * A message, a batch, or a message as it was stored. A message without id gets one that follows from its content and
 * the time of its arrival, so that nothing here is left to chance.
 */
function parseSegment(request: ProviderRequest, context: ConnectorContext<SegmentSourceSettings>): ParsedElement[] {
  const parsed = parseJson(request.body);
  const body = asObject(parsed);
  if (body !== parsed) throw new MalformedBody("the body is not a JSON object");
  const { settings, receivedAt } = context;
  const idOf = (message: unknown, index: number) => () =>
    createHash("sha256")
      .update(JSON.stringify([message, receivedAt, index]))
      .digest("hex");
  const stored = storedMessage(body);
  if (stored !== undefined) {
    const { message, ...times } = stored;
    return [mapSegmentMessage(message, { ...times, settings, newId: idOf(message, 0) })];
  }
  const {
    messages,
    sentAt,
    context: batchContext,
  } = body.batch === undefined ? oneMessage(body, typeOf(request)) : batchOf(body);
  return messages.map((message, index) =>
    mapSegmentMessage(message, { receivedAt, sentAt, batchContext, settings, newId: idOf(message, index) }),
  );
}

function typeOf(request: ProviderRequest) {
  const path = URL.canParse(request.url) ? new URL(request.url).pathname : "";
  const endpoint = segmentEndpoints.get(path);
  return endpoint === "batch" ? undefined : endpoint;
}

/** Websites and servers that use Segment's libraries, or any other that speaks the Segment API. */
export const segment: Connector<SegmentSourceSettings> = {
  name: "segment",
  title: "Segment libraries",
  kind: "web",
  settings: segmentSourceSettings,
  secret: { label: "Write key", origin: "keypulse", where: "the option writeKey of the library" },
  setup(address) {
    const collector = collectorOf(address);
    const [scheme, host] = collector.split("://");
    const protocol = scheme === "http" ? ', protocol: "http"' : "";
    return [
      `On a server (npm install @segment/analytics-node): new Analytics({ writeKey: "<write key>", host: "${collector}" })`,
      `On a website (npm install @segment/analytics-next): AnalyticsBrowser.load({ writeKey: "<write key>", cdnURL: "${collector}" }, { integrations: { "Segment.io": { apiHost: "${host}/v1"${protocol} } } })`,
      `From anything else: POST ${collector}/v1/track, /v1/identify, /v1/group, /v1/page, /v1/screen, /v1/alias or /v1/batch with the write key as the user name of Basic authentication and no password.`,
      "Call identify with the user's id and e-mail address, and group with the company's id: without them nobody knows whose the events are.",
      'Orders are track calls named "Order Completed", "Order Updated", "Order Cancelled" and "Order Refunded" with order_id, total and currency (a refund without total takes back the whole order); where the shop itself is a source too, set orders to another_source.',
    ];
  },
  /** Messages come by the Segment API, where the collector looks up the write key; webhooks have no part in it. */
  verify: () => ({
    ok: false,
    detail: "Segment messages are taken at /v1/… by their write key, not at a webhook address",
  }),
  onlyProviderSigns: true,
  parse: parseSegment,
  sample(address, context) {
    const writeKey = context.secrets[0]!;
    const at = context.receivedAt.toISOString();
    const message = {
      type: "track",
      event: "Wiring Tested",
      messageId: `wiring-test-${randomUUID()}`,
      userId: "wiring-test",
      properties: {},
      context: { traits: { email: "wiring-test@keypulse.example" }, library: { name: "keypulse", version: "1" } },
      timestamp: at,
      sentAt: at,
      writeKey,
    };
    return {
      method: "POST",
      url: `${collectorOf(address)}/v1/track`,
      headers: {
        "content-type": "application/json",
        authorization: `Basic ${Buffer.from(`${writeKey}:`).toString("base64")}`,
      },
      body: Buffer.from(JSON.stringify(message)),
    };
  },
};
