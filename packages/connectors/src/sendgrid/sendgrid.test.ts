import { generateKeyPairSync, sign } from "node:crypto";
import fs from "node:fs";
import { EventWebhook } from "@sendgrid/eventwebhook";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { sendgrid } from "./sendgrid.ts";

const vector = {
  key: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+tCAtnMgtvsvsTIfQoWAW7nKAPqOxREqY01vb//T6vOekZwK1wtSvGMzpuxdKK3k09WpHFoIgP/WH9GTKXunBA==",
  timestamp: "1760000001",
  body: '[{"email":"ana@acme.example","timestamp":1760000000,"event":"delivered","sg_event_id":"ZGVsaXZlcmVkLTE","sg_message_id":"m1.f1-1"}]\r\n',
  signature: "MEQCIB/M9+b9l53OqgAA+L1cHDt1yGlEQ3dVCXW74HvgK6hYAiBequ6e0h9VWTgAX9PjAexdJLy8jn1ZX/d/IGZ09zGcwQ==",
};
const receivedAt = new Date(1760000002_000);
const samples = samplesOf(import.meta.url, fs);

const signed = (body: string, signature: string, timestamp = vector.timestamp) =>
  providerRequest(body, {
    "X-Twilio-Email-Event-Webhook-Signature": signature,
    "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
  });

function verified(request: ReturnType<typeof signed>, secrets = [vector.key], at = receivedAt) {
  return sendgrid.verify(request, contextOf(sendgrid, { secrets, receivedAt: at }), offline);
}

describe("SendGrid's signature", () => {
  it("fits the bytes as they came, with the line break at the end", () => {
    expect(verified(signed(vector.body, vector.signature))).toEqual({ ok: true });
    expect(verified(signed(vector.body.trimEnd(), vector.signature))).toMatchObject({ ok: false });
  });

  it("is judged as SendGrid's own library judges it, and with either key while one is rotated", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const secret = publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const library = new EventWebhook();
    const body = JSON.stringify(samples.get("events"));
    const signature = sign("sha256", Buffer.from(vector.timestamp + body), privateKey).toString("base64");
    const theirs = (text: string) =>
      library.verifySignature(library.convertPublicKeyToECDSA(secret), text, signature, vector.timestamp);
    for (const [text, genuine] of [
      [body, true],
      [body.replace("ana@", "eve@"), false],
    ] as const) {
      expect(theirs(text)).toBe(genuine);
      expect(verified(signed(text, signature), [vector.key, secret])).toMatchObject({ ok: genuine });
    }
  });

  it("is refused where it is missing, cut, old, or where the key is none", () => {
    expect(verified(providerRequest(vector.body))).toMatchObject({ ok: false });
    expect(verified(signed(vector.body, vector.signature.slice(0, 20)))).toMatchObject({ ok: false });
    expect(verified(signed(vector.body, vector.signature, "yesterday"))).toMatchObject({ ok: false });
    const late = new Date(receivedAt.getTime() + 25 * 3_600_000);
    expect(verified(signed(vector.body, vector.signature), [vector.key], late)).toMatchObject({ ok: false });
    expect(verified(signed(vector.body, vector.signature), ["not a key"])).toEqual({
      ok: false,
      detail: "the source's verification key is not a public key",
    });
  });
});

describe("SendGrid's events", () => {
  const parse = (body: unknown, settings = {}) =>
    sendgrid.parse(providerRequest(JSON.stringify(body)), contextOf(sendgrid, { settings }));

  it("become ours, one element each", () => {
    const elements = parse(samples.get("events"));
    expect(elements.map(outcomeOf)).toEqual([
      "no_meaning",
      "no_meaning",
      "email.delivered",
      "email.opened",
      "email.clicked",
      "email.bounced",
      "email.dropped",
      "email.complained",
      "email.unsubscribed",
      "email.unsubscribed",
      "no_meaning",
      "test",
    ]);
    expect(eventsOf(elements)).toHaveLength(8);
    expect(new Set(eventsOf(elements).map(({ id }) => id)).size).toBe(8);
  });

  it("carry who, when, what, and the sender's own user id where its name is set", () => {
    const events = eventsOf(parse(samples.get("events"), { user_id_field: "contact_id" }));
    expect(events[2]).toEqual({
      id: "Y2xpY2stMQ",
      type: "email.clicked",
      occurred_at: "2025-10-09T08:53:24.000Z",
      identifiers: { email: "ana@acme.example", user_id: "u-9" },
      properties: {
        message_id: "m1.recv-1-0",
        campaign: "onboarding",
        link: "https://acme.example/p",
        user_agent: expect.stringContaining("Chrome/126"),
      },
    });
    expect(events[1]?.properties).toMatchObject({ machine: true });
    expect(events[3]?.properties).toMatchObject({ reason: "500 unknown recipient", bounce_type: "bounce" });
  });

  it("without an id get one of their own, the same each time", () => {
    const open = { email: "ana@acme.example", event: "open", timestamp: 1760000003, sg_message_id: "m1" };
    const [first, again, other] = eventsOf(parse([open, open, { ...open, timestamp: 1760000004 }]));
    expect(first?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(again?.id).toBe(first?.id);
    expect(other?.id).not.toBe(first?.id);
  });

  it("that are broken or unknown don't take their neighbours with them, and give themselves again", () => {
    const good = { email: "ana@acme.example", event: "delivered", timestamp: 1760000003, sg_event_id: "e1" };
    const elements = parse([good, { ...good, timestamp: "soon" }, 7, { ...good, event: "liked" }]);
    expect(elements.map(outcomeOf)).toEqual([
      "email.delivered",
      "fault: timestamp: must be a time in Unix seconds",
      expect.stringMatching(/^fault/),
      "unknown_type",
    ]);
    for (const element of elements) {
      expect(sendgrid.parse(providerRequest(element.raw), contextOf(sendgrid)).map(outcomeOf)).toEqual([
        outcomeOf(element),
      ]);
    }
  });

  it("come in an array or not at all", () => {
    expect(() => parse({})).toThrow(MalformedBody);
    expect(() => sendgrid.parse(providerRequest("[{"), contextOf(sendgrid))).toThrow(MalformedBody);
    const context = contextOf(sendgrid);
    expectElementsOrMalformed(sendgrid, context, nearly([samples.get("events")]), (body) => providerRequest(body));
  });

  it("are what the wiring test sends", () => {
    const context = contextOf(sendgrid);
    const sample = sendgrid.sample("https://collector.example/hooks/s1", context);
    expect(eventsOf(sendgrid.parse(sample, context))).toMatchObject([{ type: "email.delivered" }]);
  });
});
