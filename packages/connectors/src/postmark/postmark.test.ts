import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { postmark } from "./postmark.ts";

const samples = samplesOf(import.meta.url, fs);
/** The file's bytes: an ID in them is more than a double holds. */
const bodyOf = (name: string) => fs.readFileSync(new URL(`samples/${name}.json`, import.meta.url));
const parse = (name: string, headers = {}, settings = {}) =>
  postmark.parse(providerRequest(bodyOf(name), headers), contextOf(postmark, { settings }));

describe("Postmark's password", () => {
  const verified = (authorization: string | undefined, secrets: string[]) =>
    postmark.verify(
      providerRequest("{}", authorization === undefined ? {} : { authorization }),
      contextOf(postmark, { secrets }),
      offline,
    );

  it("is the source's secret, the old or the new one", () => {
    expect(verified("Basic dXNlcjE6c2VjcmV0MQ==", ["secret1"])).toEqual({ ok: true });
    expect(verified("Basic dXNlcjE6c2VjcmV0MQ==", ["secret2", "secret1"])).toEqual({ ok: true });
  });

  it("is refused with 403, which ends the retries", () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    for (const given of [
      undefined,
      "",
      "Bearer secret1",
      basic("secret1"),
      basic("user1:secret"),
      basic("user1:"),
      "Basic %",
    ]) {
      expect(verified(given, ["secret1"])).toMatchObject({ ok: false, status: 403 });
    }
  });
});

describe("Postmark's records", () => {
  const changed = (name: string, change: object) =>
    postmark.parse(
      providerRequest(JSON.stringify({ ...JSON.parse(bodyOf(name).toString()), ...change })),
      contextOf(postmark, {}),
    );
  it.each([
    ["Delivery", "email.delivered"],
    ["Open", "email.opened"],
    ["Click", "email.clicked"],
    ["Bounce", "email.bounced"],
    ["Bounce-blocked", "email.bounced"],
    ["Bounce-autoresponder", "no_meaning"],
    ["SpamComplaint", "email.complained"],
    ["SubscriptionChange", "email.unsubscribed"],
    ["SubscriptionChange-bounce", "no_meaning"],
    ["SubscriptionChange-return", "no_meaning"],
    ["inbound", "email.replied"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(name);
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    eventsOf(elements);
  });

  it.each([
    ["SpamNotification", "email.bounced", "blocked"],
    ["Blocked", "email.bounced", "blocked"],
    ["DMARCPolicy", "email.bounced", "blocked"],
    ["HardBounce", "email.bounced", "HardBounce"],
    ["ManuallyDeactivated", "email.dropped", "ManuallyDeactivated"],
    ["SpamComplaint", "email.complained", "SpamComplaint"],
  ])("a Bounce of the type %s is %s (%s)", (Type, type, bounce_type) => {
    expect(eventsOf(changed("Bounce", { Type }))).toMatchObject([{ type, properties: { bounce_type } }]);
  });

  it("of suppressions that we made ourselves are no act of the client", () => {
    for (const Origin of ["Customer", "Admin"]) {
      expect(changed("SubscriptionChange", { Origin }).map(outcomeOf)).toEqual(["no_meaning"]);
    }
    expect(changed("SubscriptionChange", { Origin: "Recipient" }).map(outcomeOf)).toEqual(["email.unsubscribed"]);
  });

  it("of the provider's own test button are recognised", () => {
    const MessageID = "00000000-0000-0000-0000-000000000000";
    for (const name of ["Delivery", "Open", "Click", "Bounce"]) {
      expect(changed(name, { MessageID }).map(outcomeOf)).toEqual(["test"]);
    }
  });

  it("keep ids of nineteen digits, and times with seven digits and an offset", () => {
    expect(eventsOf(parse("Bounce", {}, { user_id_field: "contact_id" }))).toEqual([
      {
        id: "Bounce:4323372036854775807",
        type: "email.bounced",
        occurred_at: "2026-01-02T03:04:05.123Z",
        identifiers: { email: "ana@acme.example", user_id: "u-9" },
        properties: {
          message_id: "00000000-0000-4000-8000-000000000001",
          subject: "Hi",
          campaign: "welcome-email",
          reason: "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
          bounce_type: "HardBounce",
        },
      },
    ]);
  });

  it("are told apart by recipient, time and link where Postmark gives no trace of its own", () => {
    const [click] = eventsOf(parse("Click"));
    expect(click?.id).toBe(
      "Click:00000000-0000-4000-8000-000000000001:ana@acme.example:2026-01-02T03:04:05.123Z:https://acme.example/p",
    );
    const [traced] = eventsOf(parse("Click", { "X-PM-Webhook-Trace-Id": "trace-1" }));
    expect(traced?.id).toBe("trace-1");
    const long = { ...(samples.get("Click") as object), OriginalLink: `https://acme.example/${"p".repeat(3000)}` };
    const [hashed] = eventsOf(postmark.parse(providerRequest(JSON.stringify(long)), contextOf(postmark)));
    expect(hashed?.id).toMatch(/^[0-9a-f]{64}$/);
  });

  it("that are unknown, broken or no JSON are kept or refused", () => {
    const outcome = (body: string) => postmark.parse(providerRequest(body), contextOf(postmark)).map(outcomeOf);
    expect(outcome('{"RecordType":"constructor"}')).toEqual(["unknown_type"]);
    expect(outcome('{"RecordType":"Open"}')).toEqual([expect.stringMatching(/^fault/)]);
    expect(outcome("{}")).toEqual(["unknown_type"]);
    expect(() => outcome("{")).toThrow(MalformedBody);
    expectElementsOrMalformed(postmark, contextOf(postmark), nearly([...samples.values()]), (body) =>
      providerRequest(body),
    );
  });
});

describe("replies through Postmark", () => {
  const inbound = (change: object) =>
    postmark.parse(
      providerRequest(JSON.stringify({ ...(samples.get("inbound") as object), ...change })),
      contextOf(postmark),
    );

  it("are the author's", () => {
    expect(eventsOf(inbound({}))).toEqual([
      {
        id: "reply:73e6d360-66eb-11e1-8e72-a8904824019b",
        type: "email.replied",
        occurred_at: "2026-01-02T03:00:00.000Z",
        identifiers: { email: "ana@acme.example" },
        properties: {
          message_id: "r-1@acme.example",
          subject: "Re: Hi",
          in_reply_to: "20260102.1@keypulse.example",
        },
      },
    ]);
  });

  it("are known by the address's token alone, and take the time of arrival where the author's clock is ahead", () => {
    expect(inbound({ Headers: [] }).map(outcomeOf)).toEqual(["email.replied"]);
    expect(inbound({ Headers: [], MailboxHash: "", OriginalRecipient: "x@y.example" }).map(outcomeOf)).toEqual([
      "no_meaning",
    ]);
    const [ahead] = eventsOf(inbound({ Date: "Fri, 02 Jan 2099 04:00:00 +0100" }));
    expect(ahead?.occurred_at).toBe("2026-01-02T03:04:05.000Z");
  });

  it("of machines don't count", () => {
    const Headers = [{ Name: "Auto-Submitted", Value: "auto-replied" }];
    expect(inbound({ Headers }).map(outcomeOf)).toEqual(["no_meaning"]);
  });
});

it("Postmark's sample for the wiring test passes its own check", () => {
  const context = contextOf(postmark);
  const sample = postmark.sample("https://collector.example/hooks/s1", context);
  expect(postmark.verify(sample, context, offline)).toEqual({ ok: true });
  expect(eventsOf(postmark.parse(sample, context))).toMatchObject([{ type: "email.delivered" }]);
  expect(postmark.setup("https://collector.example/hooks/s1")[0]).toContain("https://keypulse:SECRET@collector");
});
