import fs from "node:fs";
import { Webhook } from "svix";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { resend } from "./resend.ts";

const secret = "whsec_cmVzZW5kLXRlc3Qtc2VjcmV0LTI0Ynl0ZQ==";
const at = new Date(1760000000_000);
const samples = samplesOf(import.meta.url, fs);
const context = (secrets = [secret], receivedAt = at) => contextOf(resend, { secrets, receivedAt });
const signed = (body: string, signature: string, id = "msg_1") =>
  providerRequest(body, { "svix-id": id, "svix-timestamp": "1760000000", "svix-signature": signature });

describe("Resend's signature", () => {
  it("reproduces the vector", async () => {
    const body =
      '{"type":"email.delivered","created_at":"2026-01-02T03:04:05.678Z","data":{"email_id":"e-1","to":["ana@acme.example"]}}';
    const request = signed(body, "v1,xCD7swEq6yCuf29sziF9Smpw1LHr0s7p691ImMzGysE=");
    expect(await resend.verify(request, context(), offline)).toEqual({ ok: true });
  });

  it("by Svix's library is taken, also while a secret is rotated, and a changed body is not", async () => {
    for (const sample of samples.values()) {
      const body = JSON.stringify(sample);
      const signature = new Webhook(secret).sign("msg_1", at, body);
      const rotated = context(["whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==", secret]);
      expect(await resend.verify(signed(body, signature), rotated, offline)).toEqual({ ok: true });
      expect(await resend.verify(signed(`${body} `, signature), rotated, offline)).toMatchObject({ ok: false });
    }
  });

  it("is refused where it is missing, cut, another's or older than five minutes", async () => {
    const signature = new Webhook(secret).sign("msg_1", at, "{}");
    const late = new Date(at.getTime() + 301_000);
    expect(await resend.verify(providerRequest("{}"), context(), offline)).toMatchObject({ ok: false });
    expect(await resend.verify(signed("{}", "v1,abc"), context(), offline)).toMatchObject({ ok: false });
    expect(await resend.verify(signed("{}", signature, "msg_2"), context(), offline)).toMatchObject({ ok: false });
    expect(await resend.verify(signed("{}", signature), context([secret], late), offline)).toMatchObject({ ok: false });
  });
});

describe("Resend's events", () => {
  const parse = (sample: unknown, headers = {}, settings = {}) =>
    resend.parse(providerRequest(JSON.stringify(sample), headers), contextOf(resend, { settings }));
  const withData = (name: string, change: object) => {
    const sample = samples.get(name) as { data: object };
    return { ...sample, data: { ...sample.data, ...change } };
  };

  it.each([
    ["email.sent", "no_meaning"],
    ["email.delivered", "email.delivered"],
    ["email.delivery_delayed", "no_meaning"],
    ["email.complained", "email.complained"],
    ["email.opened", "email.opened"],
    ["email.clicked", "email.clicked"],
    ["email.bounced", "email.dropped"],
    ["email.failed", "email.dropped"],
    ["email.suppressed", "email.dropped"],
    ["email.received", "email.replied"],
    ["contact.updated", "email.unsubscribed"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(samples.get(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    // The webhook has no headers: a subject tells an answer from a new mail.
    for (const [subject, told] of [
      ["AW: Hi", "email.replied"],
      ["Odp: Hi", "email.replied"],
      ["A question", "no_meaning"],
      ["Automatic reply: Hi", "no_meaning"],
    ]) {
      expect(parse(withData("email.received", { subject })).map(outcomeOf)).toEqual([told]);
    }
    const refused = withData("email.bounced", { bounce: { type: "Permanent", subType: "General", message: "550" } });
    expect(parse(refused).map(outcomeOf)).toEqual(["email.bounced"]);
    eventsOf(elements);
  });

  it("have the message's id of Svix, and one of their own without it", () => {
    const [event] = eventsOf(
      parse(samples.get("email.clicked"), { "svix-id": "msg_1" }, { user_id_field: "contact_id" }),
    );
    expect(event).toEqual({
      id: "msg_1",
      type: "email.clicked",
      occurred_at: "2026-01-02T03:04:05.678Z",
      identifiers: { email: "ana@acme.example", user_id: "u-9" },
      properties: {
        message_id: "56761188-7520-42d8-8898-ff6fc54ce618",
        mime_message_id: "111-222-333@email.example.com",
        subject: "Hi",
        campaign: "8b146471-e88e-4322-86af-016cd36fd216",
        link: "https://acme.example/p",
        user_agent: expect.stringContaining("Chrome/126"),
      },
    });
    expect(eventsOf(parse(samples.get("email.bounced")))[0]).toMatchObject({
      id: "email.bounced:56761188-7520-42d8-8898-ff6fc54ce618:2026-01-02T03:04:05.678Z",
      properties: { bounce_type: "Permanent", bounce_subtype: "Suppressed" },
    });
  });

  it("count a contact's unsubscription once, however often the contact changes later", () => {
    const later = { ...(samples.get("contact.updated") as object), created_at: "2026-02-02T03:04:05.678Z" };
    const [first] = eventsOf(parse(samples.get("contact.updated"), { "svix-id": "msg_1" }));
    const [second] = eventsOf(parse(later, { "svix-id": "msg_2" }));
    expect(second?.id).toBe(first?.id);
    expect(parse(withData("contact.updated", { unsubscribed: false })).map(outcomeOf)).toEqual(["no_meaning"]);
  });

  it("of a mail to several say nothing about one of them", () => {
    const sample = withData("email.opened", { to: ["ana@acme.example", "bo@acme.example"] });
    expect(parse(sample).map(outcomeOf)).toEqual(["no_meaning"]);
  });

  it("that are unknown, broken or no JSON are kept or refused", () => {
    expect(parse({ ...(samples.get("email.sent") as object), type: "email.liked" }).map(outcomeOf)).toEqual([
      "unknown_type",
    ]);
    expect(parse(withData("email.clicked", { click: 7 })).map(outcomeOf)).toEqual([
      "fault: data.click.link: is missing",
    ]);
    expect(parse([]).map(outcomeOf)).toEqual([expect.stringMatching(/^fault/)]);
    expect(() => resend.parse(providerRequest("{"), context())).toThrow(MalformedBody);
    expectElementsOrMalformed(resend, context(), nearly([...samples.values()]), (body) => providerRequest(body));
  });

  it("are what the wiring test sends", async () => {
    const sample = resend.sample("https://collector.example/hooks/s1", context());
    expect(await resend.verify(sample, context(), offline)).toEqual({ ok: true });
    expect(eventsOf(resend.parse(sample, context()))).toMatchObject([{ type: "email.delivered" }]);
  });
});
