import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly, nearlyForm } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { mailgun, signMailgun } from "./mailgun.ts";

const secret = "mg-signing-key-1";
const receivedAt = new Date(1760000005_000);
const samples = samplesOf(import.meta.url, fs);
const body = (name: string) => JSON.stringify(samples.get(name));
const context = (given: { secrets?: string[]; settings?: unknown; receivedAt?: Date } = {}) =>
  contextOf(mailgun, { secrets: [secret], receivedAt, ...given });

const routeFields = {
  recipient: "team@keypulse.example",
  sender: "bounce+1@acme.example",
  from: "Ana B <ana@acme.example>",
  subject: "Re: Hi",
  "body-plain": "Yes.\n> Hi",
  "stripped-text": "Yes.",
  "Message-Id": "<r-1@acme.example>",
  Date: "Thu, 09 Oct 2025 10:53:00 +0200",
  timestamp: "1760000000",
  token: "a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5",
  signature: "83710dab6a3421012466f3a47f4d1cf980f470a719b50d11f62b44d39ea6fd86",
  "message-headers": JSON.stringify([
    ["Message-Id", "<r-1@acme.example>"],
    ["In-Reply-To", "<20260102.1@keypulse.example>"],
  ]),
};

const urlEncoded = (fields: Record<string, string>) =>
  providerRequest(new URLSearchParams(fields).toString(), { "content-type": "application/x-www-form-urlencoded" });

async function multipart(fields: Record<string, string>) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("attachment-1", new File(["\r\n--not a boundary\r\n"], "note.txt", { type: "text/plain" }));
  const sent = new Request("https://collector.example", { method: "POST", body: form });
  return providerRequest(Buffer.from(await sent.arrayBuffer()), { "content-type": sent.headers.get("content-type")! });
}

describe("Mailgun's signature", () => {
  it("reproduces the vector", () => {
    expect(signMailgun(secret, routeFields.timestamp, routeFields.token)).toBe(routeFields.signature);
  });

  it("is found in events and in forms of both kinds", async () => {
    for (const request of [providerRequest(body("delivered")), urlEncoded(routeFields), await multipart(routeFields)]) {
      expect(mailgun.verify(request, context(), offline)).toEqual({ ok: true });
    }
  });

  it("may be the old key's while one is rotated, or the parent account's", () => {
    const rotated = context({ secrets: ["mg-signing-key-2", secret] });
    expect(mailgun.verify(providerRequest(body("delivered")), rotated, offline)).toEqual({ ok: true });
    const { signature } = JSON.parse(body("delivered"));
    const child = { signature: { ...signature, signature: "0".repeat(64), "parent-signature": signature.signature } };
    expect(mailgun.verify(providerRequest(JSON.stringify(child)), context(), offline)).toEqual({ ok: true });
  });

  it("is refused with 406, so that Mailgun doesn't repeat a forgery for hours", () => {
    const of = (change: object) => providerRequest(JSON.stringify({ signature: { ...routeFields, ...change } }));
    const refused = [
      of({ token: "b".repeat(50) }),
      of({ signature: "83710dab" }),
      of({ signature: undefined }),
      of({ timestamp: "later" }),
      providerRequest("{}"),
      providerRequest("not JSON"),
      providerRequest("x", { "content-type": "multipart/form-data" }),
    ];
    for (const request of refused) {
      expect(mailgun.verify(request, context(), offline)).toMatchObject({ ok: false, status: 406 });
    }
    const dayLater = context({ receivedAt: new Date(1760086401_000) });
    expect(mailgun.verify(providerRequest(body("delivered")), dayLater, offline)).toMatchObject({ status: 406 });
  });
});

describe("Mailgun's events", () => {
  const parse = (text: string, settings = {}) => mailgun.parse(providerRequest(text), context({ settings }));

  it.each([
    ["accepted", "no_meaning"],
    ["delivered", "email.delivered"],
    ["opened", "email.opened"],
    ["clicked", "email.clicked"],
    ["complained", "email.complained"],
    ["unsubscribed", "email.unsubscribed"],
    ["stored", "no_meaning"],
    ["failed-permanent", "email.bounced"],
    ["failed-suppressed", "email.dropped"],
    ["failed-temporary", "no_meaning"],
    ["rejected", "email.dropped"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(body(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    eventsOf(elements);
  });

  it("have ids that are unique beyond the day", () => {
    const [event] = eventsOf(parse(body("failed-permanent"), { user_id_field: "contact_id" }));
    expect(event).toEqual({
      id: "CPgf-failed-permanent:2025-10-09",
      type: "email.bounced",
      occurred_at: "2025-10-09T08:53:20.123Z",
      identifiers: { email: "ana@acme.example", user_id: "u-9" },
      properties: {
        message_id: "20260102.1@acme.example",
        mime_message_id: "20260102.1@acme.example",
        subject: "Hi",
        campaign: "onboarding",
        reason: "5.1.1 no such user",
        bounce_type: "bounce",
        status: "550",
      },
    });
  });

  it("opened through Gmail's proxy are a person's", () => {
    expect(eventsOf(parse(body("opened")))[0]?.properties).not.toHaveProperty("machine");
  });

  it("that are broken are kept as faults; what is no JSON is malformed", () => {
    const broken = JSON.parse(body("clicked"));
    delete broken["event-data"].url;
    expect(parse(JSON.stringify(broken)).map(outcomeOf)).toEqual(["fault: url: is missing"]);
    expect(parse("[]").map(outcomeOf)).toEqual([expect.stringMatching(/^fault/)]);
    expect(() => parse("<html>")).toThrow(MalformedBody);
    expectElementsOrMalformed(mailgun, context(), nearly([...samples.values()]), (bytes) => providerRequest(bytes));
  });

  it("are what the wiring test sends", () => {
    const sample = mailgun.sample("https://collector.example/hooks/s1", context());
    expect(mailgun.verify(sample, context(), offline)).toEqual({ ok: true });
    expect(eventsOf(mailgun.parse(sample, context()))).toMatchObject([{ type: "email.delivered" }]);
  });
});

describe("replies through a Mailgun route", () => {
  const reply = { id: "reply:<r-1@acme.example>", type: "email.replied", identifiers: { email: "ana@acme.example" } };

  it("are the author's, in both kinds of forms, and keep no text", async () => {
    for (const request of [urlEncoded(routeFields), await multipart(routeFields)]) {
      const events = eventsOf(mailgun.parse(request, context()));
      expect(events).toMatchObject([{ ...reply, occurred_at: "2025-10-09T08:53:00.000Z" }]);
      expect(events[0]?.properties).toEqual({
        message_id: "r-1@acme.example",
        subject: "Re: Hi",
        in_reply_to: "20260102.1@keypulse.example",
      });
    }
  });

  it("don't count where a machine wrote them, where they are spam or where they answer nothing", () => {
    const headers = (...pairs: [string, string][]) => ({ ...routeFields, "message-headers": JSON.stringify(pairs) });
    const quoted: [string, string] = ["In-Reply-To", "<20260102.1@keypulse.example>"];
    const outcomes = (fields: Record<string, string>, settings = {}) =>
      mailgun.parse(urlEncoded(fields), context({ settings })).map(outcomeOf);
    for (const pair of [
      ["Auto-Submitted", "auto-replied"],
      ["X-Autoreply", "yes"],
      ["X-Autorespond", "yes"],
      ["Precedence", "bulk"],
      ["Precedence", "auto_reply"],
      ["Return-Path", "<>"],
      ["X-Mailgun-Sflag", "Yes"],
    ] as [string, string][]) {
      expect(outcomes(headers(quoted, pair))).toEqual(["no_meaning"]);
    }
    // Headers that ask for no automatic answer, and lists that pass a reply on, are of people's mail.
    for (const pairs of [
      [["Auto-Submitted", "no"]],
      [["X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"]],
      [
        ["Precedence", "list"],
        ["List-Id", "<purchasing.acme.example>"],
      ],
      [
        ["Precedence", "bulk"],
        ["List-Id", "<purchasing.acme.example>"],
      ],
    ] as [string, string][][]) {
      expect(outcomes(headers(quoted, ...pairs))).toEqual(["email.replied"]);
    }
    expect(outcomes(headers())).toEqual(["no_meaning"]);
    expect(outcomes(headers(), { new_mail: true })).toEqual(["email.replied"]);
    expect(outcomes({ ...headers(), recipient: "reply+t-1@keypulse.example" })).toEqual(["email.replied"]);
  });

  it("are never more than elements or malformed, whatever comes", () => {
    expectElementsOrMalformed(mailgun, context(), nearlyForm([routeFields]), (bytes) =>
      providerRequest(bytes, { "content-type": "application/x-www-form-urlencoded" }),
    );
    expectElementsOrMalformed(mailgun, context(), nearly([...samples.values()]), (bytes) =>
      providerRequest(bytes, { "content-type": "multipart/form-data; boundary=x" }),
    );
  });
});
