import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { signZoom, zoomphone } from "./zoomphone.ts";

const secret = "zoom-secret-token";
const timestamp = "1760000000";
const samples = samplesOf(import.meta.url, fs);
const context = (secrets = [secret], receivedAt = new Date(1760000001_000)) =>
  contextOf(zoomphone, { secrets, receivedAt });
const signed = (body: string, signature = signZoom(secret, timestamp, Buffer.from(body)), at = timestamp) =>
  providerRequest(body, { "x-zm-signature": signature, "x-zm-request-timestamp": at });

const vector = {
  body: '{"event":"phone.callee_missed","event_ts":1760000000123,"payload":{"account_id":"a1","object":{"call_id":"7644236094002219380"}}}',
  signature: "v0=5e8fee63036661408a82eb27cf1dd0130597a6c60af00b8f18c6d0ae3d24bddf",
};

describe("Zoom's signature", () => {
  const verified = (request: ReturnType<typeof signed>, given = context()) => zoomphone.verify(request, given, offline);

  it("reproduces the vector, also while a secret is rotated", () => {
    expect(verified(signed(vector.body, vector.signature))).toEqual({ ok: true });
    expect(verified(signed(vector.body, vector.signature), context(["new-secret", secret]))).toEqual({ ok: true });
  });

  it("is refused where it is missing, cut, of another body or time, or older than Zoom's last retry", () => {
    const { body, signature } = vector;
    expect(verified(providerRequest(body))).toMatchObject({ ok: false });
    expect(verified(signed(body, "v0=5e8f"))).toMatchObject({ ok: false });
    expect(verified(signed(`${body} `, signature))).toMatchObject({ ok: false });
    expect(verified(signed(body, signature, "1760000001"))).toMatchObject({ ok: false });
    expect(verified(signed(body, signature, "now"))).toMatchObject({ ok: false });
    const retried = context([secret], new Date(1760000000_000 + 85 * 60_000));
    expect(verified(signed(body, signature), retried)).toEqual({ ok: true });
    const late = context([secret], new Date(1760000000_000 + 91 * 60_000));
    expect(verified(signed(body, signature), late)).toMatchObject({ ok: false });
  });
});

describe("Who is on the other side of a Zoom call", () => {
  const outcomes = (event: string, object: object) =>
    zoomphone
      .parse(providerRequest(JSON.stringify({ event, event_ts: 1760000000123, payload: { object } })), context())
      .map(outcomeOf);
  const ours = { phone_number: "+12025550100", extension_number: 800, extension_type: "user", user_id: "u1" };

  it("is a client where the number is its own extension, and a colleague with an extension of ours", () => {
    const call = { call_id: "c1", caller: ours, ringing_start_time: "2026-01-02T03:04:05Z" };
    const outside = { phone_number: "+12092693937", extension_number: 12092693937, extension_type: "user" };
    expect(outcomes("phone.caller_ringing", { ...call, callee: outside })).toEqual(["call.started"]);
    const colleague = { phone_number: "+12025550101", extension_number: 801, extension_type: "user" };
    expect(outcomes("phone.caller_ringing", { ...call, callee: colleague })).toEqual(["no_meaning"]);
    expect(outcomes("phone.caller_ringing", { ...call, callee: { ...outside, user_id: "u2" } })).toEqual([
      "no_meaning",
    ]);
  });

  it("is a client who sends a text message", () => {
    const colleague = { id: "u1", type: "user", display_name: "Kim", phone_number: "+12025550100" };
    const message = { message_id: "m1", date_time: "2026-01-02T03:04:05Z", to_members: [colleague] };
    expect(outcomes("phone.sms_received", { ...message, sender: { phone_number: "+12092693937" } })).toEqual([
      "call.message_received",
    ]);
    expect(outcomes("phone.sms_received", { ...message, sender: colleague })).toEqual(["no_meaning"]);
    expect(outcomes("phone.sms_sent", message)).toEqual(["no_meaning"]);
  });
});

describe("Zoom's check of the address", () => {
  const body =
    '{"event":"endpoint.url_validation","event_ts":1760000000123,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}';

  it("is answered with the token under the secret that signed it", async () => {
    const reply = {
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"d9e0d764a78494688ba3f2d5c0ed4ca311394b4834d959759213424d2df961e3"}',
    };
    expect(await zoomphone.handshake?.(signed(body), context(), offline)).toEqual({ reply });
    expect(await zoomphone.handshake?.(signed(body), context(["new-secret", secret]), offline)).toEqual({ reply });
  });

  it("is not answered where it is unsigned, broken or an event", async () => {
    for (const request of [
      signed(body, "v0=0"),
      providerRequest(body),
      signed('{"event":"endpoint.url_validation"}'),
      signed('"endpoint.url_validation'),
      signed(vector.body),
      signed(JSON.stringify({ ...JSON.parse(vector.body), note: "endpoint.url_validation" })),
    ]) {
      expect(await zoomphone.handshake?.(request, context(), offline)).toBeUndefined();
    }
  });
});

describe("Zoom Phone's events", () => {
  const parse = (sample: unknown) => zoomphone.parse(providerRequest(JSON.stringify(sample)), context());
  const withObject = (name: string, change: object) => {
    const sample = samples.get(name) as { payload: { object: object } };
    return { ...sample, payload: { object: { ...sample.payload.object, ...change } } };
  };

  it.each([
    ["caller_ringing", "call.started"],
    ["callee_ringing", "call.started"],
    ["caller_ringing-internal", "no_meaning"],
    ["callee_answered", "no_meaning"],
    ["callee_ended", "call.completed"],
    ["caller_ended", "call.completed"],
    ["caller_ended-unanswered", "call.missed"],
    ["callee_missed", "call.missed"],
    ["callee_missed-queue", "no_meaning"],
    ["callee_missed-answered_elsewhere", "no_meaning"],
    ["voicemail_received", "call.voicemail"],
    ["callee_call_history_completed", "call.missed"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(samples.get(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    for (const event of eventsOf(elements)) {
      expect(event.id).toMatch(/^7644236094002219380:(started|completed|missed|voicemail)$/);
      expect(event.identifiers).toEqual({ phone: "+12025550123" });
    }
  });

  it("tell of the other party, and how long they spoke", () => {
    expect(eventsOf(parse(samples.get("caller_ended")))[0]).toEqual({
      id: "7644236094002219380:completed",
      type: "call.completed",
      occurred_at: "2026-01-02T03:04:52.000Z",
      identifiers: { phone: "+12025550123" },
      properties: {
        call_id: "7644236094002219380",
        direction: "outbound",
        duration_seconds: 42,
        outcome: "Call connected",
        agent: "Kim",
        line: "+12055437350",
      },
    });
    expect(eventsOf(parse(samples.get("callee_ended")))[0]?.properties).toMatchObject({ direction: "inbound" });
  });

  it("make no person of a hidden caller", () => {
    const hidden = withObject("callee_ended", { caller: { phone_number: "anonymous", extension_type: "pstn" } });
    expect(eventsOf(parse(hidden))[0]?.identifiers).toEqual({});
  });

  it("keep a call's id of nineteen digits that is written as a number", () => {
    const body = JSON.stringify(samples.get("callee_ended")).replace('"7644236094002219380"', "7644236094002219380");
    const [event] = eventsOf(zoomphone.parse(providerRequest(body), context()));
    expect(event?.id).toBe("7644236094002219380:completed");
  });

  it("that are unknown, broken or no JSON are kept or refused", () => {
    expect(parse({ ...(samples.get("callee_ended") as object), event: "meeting.started" }).map(outcomeOf)).toEqual([
      "unknown_type",
    ]);
    expect(parse(withObject("caller_ended", { answer_start_time: "soon" })).map(outcomeOf)).toEqual([
      "fault: answer_start_time: is missing",
    ]);
    expect(parse([]).map(outcomeOf)).toEqual([expect.stringMatching(/^fault/)]);
    expect(() => zoomphone.parse(providerRequest("{"), context())).toThrow(MalformedBody);
    expectElementsOrMalformed(zoomphone, context(), nearly([...samples.values()]), (body) => providerRequest(body));
  });

  it("are what the wiring test sends", () => {
    const sample = zoomphone.sample("https://collector.example/hooks/s1", context());
    expect(zoomphone.verify(sample, context(), offline)).toEqual({ ok: true });
    expect(eventsOf(zoomphone.parse(sample, context()))).toMatchObject([{ type: "call.completed" }]);
  });
});
