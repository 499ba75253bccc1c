import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import twilioLibrary from "twilio";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly, nearlyForm } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { answeredBy, callStatuses } from "./outcomes.ts";
import { signTwilio } from "./signature.ts";
import { twilio } from "./twilio.ts";

const { getExpectedTwilioSignature, validateRequest } = twilioLibrary as unknown as {
  getExpectedTwilioSignature(token: string, url: string, params: Record<string, string | string[]>): string;
  validateRequest(token: string, signature: string, url: string, params: Record<string, string>): boolean;
};

const token = "twilio-auth-token";
const address = "https://collector.example/hooks/twilio?src=s1";
const samples = samplesOf(import.meta.url, fs) as Map<string, Record<string, string>>;
const receivedAt = new Date("2026-01-02T03:05:00Z");
const context = (secrets = [token], settings = {}) => contextOf(twilio, { secrets, settings, receivedAt });

const post = (fields: Record<string, string>, signature = "", url = address) =>
  providerRequest(
    new URLSearchParams(fields).toString(),
    { "content-type": "application/x-www-form-urlencoded; charset=UTF-8", "x-twilio-signature": signature },
    url,
  );

const verified = (request: ReturnType<typeof post>, secrets = [token]) =>
  twilio.verify(request, context(secrets), offline);

describe("Twilio's signature", () => {
  it("reproduces the published vector and ours", () => {
    const published = new URLSearchParams({
      CallSid: "CA1234567890ABCDE",
      Caller: "+14158675309",
      Digits: "1234",
      From: "+14158675309",
      To: "+18005551212",
    });
    expect(signTwilio("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", published)).toBe(
      "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    );
    const body =
      "AccountSid=AC1&CallDuration=42&CallSid=CA1&CallStatus=completed&Direction=inbound&From=%2B15550001111&To=%2B15550002222";
    expect(signTwilio(token, address, new URLSearchParams(body))).toBe("Yk9fNyEoXapCBa3yDZQ03xJEDaY=");
  });

  it("by Twilio's library is taken for every sample, also while a token is rotated, and a changed field is not", () => {
    for (const fields of samples.values()) {
      const signature = getExpectedTwilioSignature(token, address, fields);
      expect(verified(post(fields, signature), ["new-token", token])).toEqual({ ok: true });
      expect(verified(post({ ...fields, CallSid: "CA9" }, signature))).toMatchObject({ ok: false });
      expect(verified(post(fields, signature), ["new-token"])).toMatchObject({ ok: false });
    }
  });

  it("covers repeated names once each, in order", () => {
    const fields = new URLSearchParams("MediaUrl=b&MediaUrl=a&MediaUrl=b&CallSid=CA1");
    const theirs = getExpectedTwilioSignature(token, address, { MediaUrl: ["b", "a", "b"], CallSid: "CA1" });
    expect(signTwilio(token, address, fields)).toBe(theirs);
  });

  it.each([
    "https://collector.example:443/hooks/twilio?src=s1",
    "https://collector.example/hooks/twilio?src=it's",
    "https://user:pass@collector.example/hooks/twilio",
    "http://collector.example:80/hooks/twilio",
    "https://[2001:db8::1]:443/hooks/twilio",
  ])("fits %s with and without the standard port, as Twilio's library has it", (signedUrl) => {
    const fields = samples.get("completed")!;
    const signature = getExpectedTwilioSignature(token, signedUrl, fields);
    for (const url of [signedUrl, signedUrl.replace(/:(443|80)(?=\/)/, "")]) {
      expect(validateRequest(token, signature, url, fields)).toBe(true);
      expect(verified(post(fields, signature, url))).toEqual({ ok: true });
    }
  });

  it("fits an address whose query was signed in the older encoding", () => {
    const fields = samples.get("completed")!;
    const url = "https://collector.example/hooks/twilio?name=it%27s&b=a+b";
    const signature = getExpectedTwilioSignature(
      token,
      "https://collector.example/hooks/twilio?name=it's&b=a%20b",
      fields,
    );
    expect(validateRequest(token, signature, url, fields)).toBe(true);
    expect(verified(post(fields, signature, url))).toEqual({ ok: true });
  });

  it("fits with and without the settings of retries behind the #", () => {
    const fields = samples.get("completed")!;
    const url = `${address}#rc=5&rp=all`;
    for (const signedUrl of [address, url]) {
      expect(verified(post(fields, getExpectedTwilioSignature(token, signedUrl, fields), url))).toEqual({ ok: true });
    }
  });

  it("covers a JSON body by its hash in the address", () => {
    const body = '{"CallSid":"CA1","CallStatus":"completed"}';
    const url = `${address}&bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
    const request = (text: string, to = url) =>
      providerRequest(
        text,
        { "content-type": "application/json", "x-twilio-signature": "A6OWx/snFQG/fiyhz3oN0aEybCY=" },
        to,
      );
    expect(verified(request(body))).toEqual({ ok: true });
    expect(verified(request(body.replace("completed", "busy")))).toMatchObject({ ok: false });
    expect(verified(request(body, address))).toMatchObject({ ok: false });
    const unhashed = { ...request(body, address), headers: { ...request(body).headers } };
    unhashed.headers["x-twilio-signature"] = getExpectedTwilioSignature(token, address, {});
    expect(verified(unhashed)).toEqual({ ok: false, detail: "a body that is no form needs bodySHA256 in the address" });
  });

  it("covers the address alone of a GET", () => {
    const url = `${address}&${new URLSearchParams(samples.get("completed"))}`;
    const headers = { "x-twilio-signature": getExpectedTwilioSignature(token, url, {}) };
    const request = { ...providerRequest("", headers, url), method: "GET" };
    expect(verified(request)).toEqual({ ok: true });
    expect(verified({ ...request, url: url.replace("=42", "=43") })).toMatchObject({ ok: false });
    expect(twilio.parse(request, context([token], { inbound_ends: "answered" })).map(outcomeOf)).toEqual([
      "call.completed",
    ]);
  });

  it("is refused where it is missing, cut or covers a form that can't be read", () => {
    const fields = samples.get("completed")!;
    expect(verified(post(fields))).toMatchObject({ ok: false });
    expect(verified(post(fields, "Yk9f"))).toMatchObject({ ok: false });
    const multipart = providerRequest("x", { "content-type": "multipart/form-data", "x-twilio-signature": "Yk9f" });
    expect(verified(multipart)).toMatchObject({ ok: false });
  });
});

describe("Twilio's callbacks", () => {
  const parse = (fields: Record<string, string>, settings = {}) =>
    twilio.parse(post(fields), context([token], settings));
  /** Inbound calls are taken without <Dial>. */
  const answered = { inbound_ends: "answered" };
  const sample = (name: string, change: Record<string, string> = {}) => ({ ...samples.get(name)!, ...change });

  it.each([
    ["initiated", "call.started"],
    ["ringing", "call.started"],
    ["in-progress", "no_meaning"],
    ["completed", "no_meaning"],
    ["dial-completed", "call.completed"],
    ["dial-no-answer", "call.missed"],
    ["outbound-machine", "call.missed"],
    ["message", "call.message_received"],
    ["no-answer", "call.missed"],
    ["leg", "no_meaning"],
    ["record", "call.voicemail"],
    ["recording-status", "unknown_type"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(sample(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    eventsOf(elements);
  });

  it("tell whose call it was, by its direction, and how long it lasted", () => {
    expect(eventsOf(parse(sample("completed"), answered))).toEqual([
      {
        id: "CA00000000000000000000000000000001:completed",
        type: "call.completed",
        occurred_at: "2026-01-02T03:04:05.000Z",
        identifiers: { phone: "+15550001111" },
        properties: {
          call_id: "CA00000000000000000000000000000001",
          direction: "inbound",
          duration_seconds: 42,
          outcome: "completed",
          line: "+15550002222",
        },
      },
    ]);
    expect(eventsOf(parse(sample("no-answer")))[0]).toMatchObject({
      identifiers: { phone: "+15550001111" },
      properties: { direction: "outbound", outcome: "no-answer" },
    });
    expect(eventsOf(parse(sample("record")))[0]).toMatchObject({ occurred_at: "2026-01-02T03:05:00.000Z" });
  });

  it("say that somebody talked by the outcome of <Dial> alone, and of our own calls by who took them", () => {
    // Ringing on and on, the caller heard a greeting: the call itself was completed.
    const rang = [sample("ringing"), sample("dial-no-answer"), sample("completed")];
    expect(rang.flatMap((fields) => parse(fields)).map(outcomeOf)).toEqual([
      "call.started",
      "call.missed",
      "no_meaning",
    ]);
    expect(eventsOf(parse(sample("dial-completed")))).toMatchObject([
      { type: "call.completed", properties: { duration_seconds: 42, outcome: "completed" } },
    ]);
    const { DialCallDuration: _, ...conference } = sample("dial-completed", { DialCallStatus: "answered" });
    expect(eventsOf(parse(conference))).toMatchObject([
      { type: "call.completed", properties: { duration_seconds: 0 } },
    ]);
    for (const [AnsweredBy, outcome] of answeredBy) {
      expect(parse(sample("outbound-machine", { AnsweredBy })).map(outcomeOf)).toEqual([
        outcome === "machine" ? "call.missed" : "call.completed",
      ]);
    }
    expect(eventsOf(parse(sample("message")))).toMatchObject([{ identifiers: { phone: "+15550001111" } }]);
    expect(parse(sample("message", { SmsStatus: "delivered" })).map(outcomeOf)).toEqual(["no_meaning"]);
  });

  it("know every status that Twilio's own library declares", () => {
    const declared = fs.readFileSync(
      new URL("rest/api/v2010/account/call.d.ts", `file://${createRequire(import.meta.url).resolve("twilio")}`),
      "utf8",
    );
    const statuses = /type CallStatus = ([^;]+);/.exec(declared)![1]!.match(/[a-z-]+/g)!;
    expect(statuses.length).toBeGreaterThan(6);
    expect(statuses.filter((status) => !callStatuses.has(status))).toEqual([]);
  });

  it("start a call once, whether it was initiated first or rang first", () => {
    const ids = ["initiated", "ringing"].map((name) => eventsOf(parse(sample(name)))[0]?.id);
    expect(new Set(ids).size).toBe(1);
  });

  it.each(["anonymous", "+266696687", "Restricted", "client:kim", "sip:kim@acme.example", "813"])(
    "make no person of %s",
    (From) => {
      expect(eventsOf(parse(sample("completed", { From }), answered))[0]?.identifiers).toEqual({});
    },
  );

  it("of legs count where agents call from a browser", () => {
    expect(eventsOf(parse(sample("leg"), { dial_legs: "outbound" }))[0]).toMatchObject({
      id: "CA00000000000000000000000000000002:completed",
      identifiers: { phone: "+15550001111" },
      properties: { direction: "outbound" },
    });
  });

  it("that are unknown or broken are kept", () => {
    expect(parse(sample("completed", { CallStatus: "singing" })).map(outcomeOf)).toEqual(["unknown_type"]);
    expect(parse(sample("completed", { CallDuration: "long" }), answered).map(outcomeOf)).toEqual([
      expect.stringMatching(/^fault: .*seconds/),
    ]);
    expect(parse(sample("completed", { Direction: "sideways" }), answered).map(outcomeOf)).toEqual([
      expect.stringMatching(/^fault/),
    ]);
    const json = (body: Buffer | string) => providerRequest(body, { "content-type": "application/json" });
    expect(() => twilio.parse(json("{"), context())).toThrow(MalformedBody);
    expectElementsOrMalformed(twilio, context(), nearlyForm([...samples.values()]), (body) => ({ ...post({}), body }));
    expectElementsOrMalformed(twilio, context(), nearly([...samples.values()]), json);
  });

  it("are what the wiring test sends; the answer is a document that tells Twilio to do nothing", () => {
    const request = twilio.sample("https://collector.example/hooks/s1", context());
    expect(twilio.verify(request, context(), offline)).toEqual({ ok: true });
    expect(eventsOf(twilio.parse(request, context()))).toMatchObject([{ type: "call.completed" }]);
    expect(twilio.accepted?.body).toContain("<Response/>");
  });
});
