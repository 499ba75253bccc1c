import { createHash } from "node:crypto";
import fs from "node:fs";
import type { ClientRequest, IncomingMessage } from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import MessageValidator from "sns-validator";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ConnectorTools, MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { ses } from "./ses.ts";
import { readSnsMessage, stringToSign } from "./sns.ts";

const topic = "arn:aws:sns:eu-west-1:123456789012:ses";
const samples = samplesOf(import.meta.url, fs);
const notices = [...samples].filter(([name]) => !name.startsWith("sns-"));
const certificate = fs.readFileSync(new URL("samples/sns-certificate.pem", import.meta.url), "utf8");
const context = (settings: object = {}) => contextOf(ses, { secrets: [], settings: { topic_arn: topic, ...settings } });
const amazon = { download: vi.fn(async (_url: string) => certificate) } satisfies ConnectorTools;

afterEach(() => vi.clearAllMocks());

const sns = (name: string, change: object = {}) =>
  providerRequest(JSON.stringify({ ...(samples.get(name) as object), ...change }), {
    "content-type": "text/plain; charset=UTF-8",
  });

/** A notice inside an envelope; `parse` doesn't look at the signature. */
const notification = (message: unknown) => sns("sns-notification", { Message: JSON.stringify(message) });

describe("the vector of an SNS signature", () => {
  const unsigned = {
    Type: "Notification",
    MessageId: "m-1",
    TopicArn: topic,
    Message: '{"eventType":"Delivery"}',
    Timestamp: "2026-01-02T03:04:05.678Z",
    SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
  };
  const key = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDda7EMbgpMqzoXS2s34EHFnbYrEdH5OG8f6vtw5hMTCo3BwXeaO9Dq3ONc6Bp+1a04g1i9+BO1fM7gSteVaYiElQES1sh/or3jYvySDnKUY6G3vYMSuJwJkSOADPvlWsXrdefl4rrc1Ji9V9aROxA3u5xpwCAk9a17bhB03tRbiwIDAQAB
-----END PUBLIC KEY-----`;

  it.each([
    [
      "1",
      "YmC98U525YstpgWNeMKWVpo1tM935UxjCbGIa2sLpC3eXpurpwLDj1XPOCsV6Gsw4n8uY78bKTQtweWNdx+Vhhc8lzdJ0F33CIq1d9HPHt7GOLHoA5E/zuwgWTttoNJvfGAPZs0/GLiHPyht95qzgd8J1j9opLBeZiehjNcjv5w=",
    ],
    [
      "2",
      "bVK1wxSV2hlC67oyzQPd+WUldujW4OVQU4dD6yfJHtRZIALo6WH4Ri3Y/qvIh0+LK/ZDqnb4FWHRq5SpgaTSK61gHcYFEEVgR52D2RSb49t4eTfWYoMGolwX9i/3oiJfFxBcL5LKDcya2/NSNqNbysfOmHcHMni0wHymufvdyL4=",
    ],
  ])("is reproduced for version %s", async (SignatureVersion, Signature) => {
    const body = JSON.stringify({ ...unsigned, SignatureVersion, Signature });
    expect(
      createHash("sha256")
        .update(stringToSign(readSnsMessage(Buffer.from(body))!))
        .digest("hex"),
    ).toBe("cb24e4b757acb3dd31e11095c3f0b62e4c1909829136a7b471d4832558d3634f");
    const tools = { download: async () => key };
    expect(await ses.verify(providerRequest(body), context(), tools)).toEqual({ ok: true });
  });
});

describe("SNS messages", () => {
  /** Amazon's library fetches the certificate by itself: here from the sample. */
  function judgedByAmazon(message: unknown): Promise<boolean> {
    const get = vi.spyOn(https, "get").mockImplementation(((_url: string, answer: (r: IncomingMessage) => void) => {
      answer(Object.assign(Readable.from([Buffer.from(certificate)]), { statusCode: 200 }) as IncomingMessage);
      return { on: () => undefined } as unknown as ClientRequest;
    }) as never);
    return new Promise<boolean>((resolve) => {
      new MessageValidator().validate(message as Record<string, unknown>, (error) => resolve(error === null));
    }).finally(() => get.mockRestore());
  }

  it.each([
    ["sns-notification", {}, true],
    ["sns-confirmation", {}, true],
    ["sns-validated", {}, true],
    ["sns-notification", { Message: "{}" }, false],
    ["sns-notification", { Subject: "other" }, false],
    ["sns-confirmation", { Token: "other" }, false],
    ["sns-notification", { SignatureVersion: "2" }, false],
    ["sns-notification", { Signature: "AAAA" }, false],
    ["sns-notification", { SigningCertURL: "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem" }, false],
    ["sns-notification", { SigningCertURL: "http://sns.eu-west-1.amazonaws.com/a.pem" }, false],
    ["sns-notification", { SigningCertURL: "https://sns.eu-west-1.amazonaws.com/a.html" }, false],
  ])("%s with %j is judged as by Amazon's library", async (name, change, genuine) => {
    const request = sns(name, change);
    expect(await judgedByAmazon(JSON.parse(request.body.toString()))).toBe(genuine);
    expect(await ses.verify(request, context(), amazon)).toMatchObject({ ok: genuine });
  });

  it("of another topic, without a signature or delivered raw are refused, and nothing is fetched for them", async () => {
    const raw = { ...sns("sns-notification"), headers: { "x-amz-sns-rawdelivery": "true" } };
    const requests = [
      sns("sns-notification", { TopicArn: "arn:aws:sns:eu-west-1:999999999999:ses" }),
      sns("sns-notification", { Signature: undefined }),
      sns("sns-notification", { SigningCertURL: "https://evil.example/a.pem" }),
      sns("sns-notification", { SigningCertURL: "https://me@sns.eu-west-1.amazonaws.com/a.pem" }),
      providerRequest("not JSON"),
      raw,
    ];
    for (const request of requests) expect(await ses.verify(request, context(), amazon)).toMatchObject({ ok: false });
    expect(amazon.download).not.toHaveBeenCalled();
  });

  it("can't be judged while the certificate can't be had: the error goes on, so that SNS sends it again", async () => {
    await expect(ses.verify(sns("sns-notification"), context(), offline)).rejects.toThrow("nothing may be downloaded");
    const broken = { download: async () => "<html>" };
    expect(await ses.verify(sns("sns-notification"), context(), broken)).toMatchObject({ ok: false });
  });
});

describe("the subscription", () => {
  it("confirms itself for the expected topic, at an address of SNS", async () => {
    expect(await ses.handshake?.(sns("sns-confirmation"), context(), amazon)).toEqual({
      reply: { status: 200 },
      confirm: (samples.get("sns-confirmation") as { SubscribeURL: string }).SubscribeURL,
    });
  });

  it("is left alone where it is another's, forged, or leads elsewhere", async () => {
    const other = { topic_arn: "arn:aws:sns:eu-west-1:123456789012:other" };
    expect(await ses.handshake?.(sns("sns-confirmation"), context(other), amazon)).toBeUndefined();
    for (const request of [
      sns("sns-confirmation", { Token: "x" }),
      sns("sns-confirmation", { SubscribeURL: "https://evil.example/" }),
      sns("sns-notification"),
      providerRequest("not JSON"),
    ]) {
      expect(await ses.handshake?.(request, context(), amazon)).toBeUndefined();
    }
  });

  it("needs the ARN of a topic in the settings", () => {
    expect(ses.settings.safeParse({ topic_arn: "ses" }).success).toBe(false);
    expect(ses.settings.safeParse({}).success).toBe(false);
  });
});

describe("notices of SES", () => {
  const parse = (message: unknown, settings = {}) => ses.parse(notification(message), context(settings));

  it.each([
    ["Delivery", "email.delivered"],
    ["Bounce", "email.bounced email.bounced"],
    ["Bounce-notification", "email.bounced email.bounced"],
    ["Bounce-suppressed", "email.dropped"],
    ["Complaint", "email.complained"],
    ["Send", "no_meaning"],
    ["Reject", "email.dropped"],
    ["Open", "email.opened"],
    ["Click", "email.clicked"],
    ["RenderingFailure", "email.dropped"],
    ["DeliveryDelay", "no_meaning"],
    ["Subscription", "email.unsubscribed"],
    ["Received", "email.replied"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(samples.get(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    eventsOf(elements);
  });

  it("give each recipient an event of its own", () => {
    const events = eventsOf(parse(samples.get("Bounce"), { user_id_field: "contact_id" }));
    expect(events.map(({ id }) => id)).toEqual([
      "11111111-1111-4111-8111-111111111111:ana@acme.example",
      "11111111-1111-4111-8111-111111111111:bo@acme.example",
    ]);
    expect(events[0]).toMatchObject({
      occurred_at: "2026-01-02T03:05:05.678Z",
      identifiers: { email: "ana@acme.example", user_id: "u-9" },
      properties: {
        message_id: "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
        mime_message_id: "20260102.1@keypulse.example",
        subject: "Hi",
        campaign: "onboarding",
        reason: "smtp; 550 5.1.1 user unknown",
        bounce_type: "Permanent",
      },
    });
  });

  it("say whose act it was only of mails to one; complaints name everybody who may have", () => {
    const two = (name: string) => {
      const notice = structuredClone(samples.get(name)) as { mail: { destination: string[] } };
      notice.mail.destination = ["ana@acme.example", "bo@acme.example"];
      return notice;
    };
    expect(parse(two("Open")).map(outcomeOf)).toEqual(["no_meaning"]);
    expect(parse(two("Click")).map(outcomeOf)).toEqual(["no_meaning"]);
    const notSpam = structuredClone(samples.get("Complaint")) as { complaint: { complaintFeedbackType: string } };
    notSpam.complaint.complaintFeedbackType = "not-spam";
    expect(parse(notSpam).map(outcomeOf)).toEqual(["no_meaning"]);
    const bounce = structuredClone(samples.get("Bounce")) as { bounce: { bouncedRecipients: object[] } };
    bounce.bounce.bouncedRecipients = [
      { emailAddress: "ana@acme.example", diagnosticCode: "550 no such user" },
      { emailAddress: "bo@acme.example", diagnosticCode: "552 mailbox full" },
    ];
    expect(eventsOf(parse(bounce)).map(({ properties }) => properties.reason)).toEqual([
      "550 no such user",
      "552 mailbox full",
    ]);
    const complaint = structuredClone(samples.get("Complaint")) as { complaint: { complainedRecipients: object[] } };
    complaint.complaint.complainedRecipients.push({ emailAddress: "bo@acme.example" });
    expect(eventsOf(parse(complaint)).map(({ properties }) => properties.uncertain)).toEqual([true, true]);
  });

  it("know the pixel loaded by Apple's proxy for a machine's act", () => {
    expect(eventsOf(parse(samples.get("Open")))[0]?.properties).toMatchObject({ machine: true });
    expect(eventsOf(parse(samples.get("Click")))[0]?.properties).not.toHaveProperty("machine");
  });

  it("take a return for no opt-out, and incoming spam for no reply", () => {
    const change = structuredClone(samples.get("Subscription")) as { subscription: Record<string, unknown> };
    const { newTopicPreferences, oldTopicPreferences } = change.subscription;
    change.subscription = {
      ...change.subscription,
      newTopicPreferences: oldTopicPreferences,
      oldTopicPreferences: newTopicPreferences,
    };
    expect(parse(change).map(outcomeOf)).toEqual(["no_meaning"]);
    const spam = structuredClone(samples.get("Received")) as { receipt: { spamVerdict: object } };
    spam.receipt.spamVerdict = { status: "FAIL" };
    expect(parse(spam).map(outcomeOf)).toEqual(["no_meaning"]);
  });

  it("in plain text, of unknown types, or broken are kept", () => {
    expect(ses.parse(sns("sns-validated"), context()).map(outcomeOf)).toEqual(["test"]);
    expect(ses.parse(sns("sns-confirmation"), context()).map(outcomeOf)).toEqual(["no_meaning"]);
    expect(parse({ eventType: "constructor" }).map(outcomeOf)).toEqual(["unknown_type"]);
    expect(parse({ eventType: "Open", mail: {} }).map(outcomeOf)).toEqual([expect.stringMatching(/^fault/)]);
    expect(() => ses.parse(providerRequest("{}"), context())).toThrow(MalformedBody);
    const envelopes = [...samples].filter(([name]) => name.startsWith("sns-")).map(([, envelope]) => envelope);
    expectElementsOrMalformed(ses, context(), nearly(envelopes), (body) => providerRequest(body));
    const inside = nearly(notices.map(([, notice]) => notice));
    expectElementsOrMalformed(ses, context(), inside, (body) => sns("sns-notification", { Message: body.toString() }));
  });

  it("are what the wiring test sends", () => {
    const sample = ses.sample("https://collector.example/hooks/s1", context());
    expect(eventsOf(ses.parse(sample, context()))).toMatchObject([{ type: "email.delivered" }]);
  });
});
