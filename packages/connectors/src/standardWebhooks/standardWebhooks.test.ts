import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { signStandardWebhook, standardWebhooks } from "./standardWebhooks.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const at = new Date("2026-01-02T03:04:05Z");

function signedByLibrary(body: string, key = secret, when = at) {
  const signature = new Webhook(key).sign("msg_1", when, body);
  const timestamp = String(Math.floor(when.getTime() / 1000));
  return providerRequest(body, {
    "webhook-id": "msg_1",
    "webhook-timestamp": timestamp,
    "webhook-signature": signature,
  });
}

describe("Standard Webhooks", () => {
  it("reproduces the specification's vector", () => {
    expect(
      signStandardWebhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", Buffer.from('{"test": 2432232314}')),
    ).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("takes what the official library signs, with the old and the new secret while one is rotated", async () => {
    const request = signedByLibrary('{"type":"order.placed"}');
    const rotated = contextOf(standardWebhooks, { secrets: ["whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==", secret] });
    expect(await standardWebhooks.verify(request, rotated, offline)).toEqual({ ok: true });
    const other = contextOf(standardWebhooks, { secrets: ["whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw=="] });
    expect(await standardWebhooks.verify(request, other, offline)).toMatchObject({ ok: false });
  });

  it("refuses a changed body, a time outside the tolerance and missing headers", async () => {
    const context = contextOf(standardWebhooks, { secrets: [secret] });
    const good = signedByLibrary('{"type":"order.placed"}');
    const changed = { ...good, body: Buffer.from('{"type":"order.paid"}') };
    const old = signedByLibrary("{}", secret, new Date(at.getTime() - 301_000));
    const ahead = signedByLibrary("{}", secret, new Date(at.getTime() + 302_000));
    for (const request of [changed, old, ahead, providerRequest("{}")]) {
      expect(await standardWebhooks.verify(request, context, offline)).toMatchObject({ ok: false });
    }
  });

  it("makes an event of our vocabulary, and its sample passes its own check", async () => {
    const context = contextOf(standardWebhooks, { secrets: [secret] });
    const sample = standardWebhooks.sample("https://collector.example/hooks/s1", context);
    expect(await standardWebhooks.verify(sample, context, offline)).toEqual({ ok: true });
    expect(eventsOf(standardWebhooks.parse(sample, context))).toMatchObject([
      { id: sample.headers["webhook-id"], type: "web.page_viewed", occurred_at: "2026-01-02T03:04:05.000Z" },
    ]);
  });

  it("keeps what it can't use, with the reason", () => {
    const parse = (body: string) =>
      standardWebhooks.parse(providerRequest(body, { "webhook-id": "m1" }), contextOf(standardWebhooks));
    expect(parse('{"type":"invoice.liked"}')).toMatchObject([{ unused: "unknown_type" }]);
    expect(parse("[]")).toMatchObject([{ fault: "type: is missing" }]);
  });
});
