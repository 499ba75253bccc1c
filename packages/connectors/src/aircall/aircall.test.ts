import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { aircall } from "./aircall.ts";

const samples = samplesOf(import.meta.url, fs);
const context = (secrets = ["tok-1"]) => contextOf(aircall, { secrets });
const parse = (sample: unknown) => aircall.parse(providerRequest(JSON.stringify(sample)), context());
const withData = (name: string, change: object) => {
  const sample = samples.get(name) as { data: object };
  return { ...sample, data: { ...sample.data, ...change } };
};

describe("Aircall's token", () => {
  const verified = (body: unknown, secrets?: string[]) =>
    aircall.verify(providerRequest(typeof body === "string" ? body : JSON.stringify(body)), context(secrets), offline);

  it("is the source's, the old or the new one", () => {
    for (const sample of samples.values()) {
      expect(verified(sample)).toEqual({ ok: true });
      expect(verified(sample, ["tok-2", "tok-1"])).toEqual({ ok: true });
    }
  });

  it("is refused where it is another, cut, missing or unreadable", () => {
    for (const body of [{ token: "tok-2" }, { token: "tok" }, { token: ["tok-1"] }, {}, [], "null"]) {
      expect(verified(body)).toMatchObject({ ok: false });
    }
    expect(verified("not JSON")).toMatchObject({ ok: false, status: 400 });
  });
});

describe("Aircall's events", () => {
  it.each([
    ["created", "call.started"],
    ["ended-answered", "call.completed"],
    ["ended-missed", "call.missed"],
    ["ended-voicemail", "call.voicemail"],
    ["voicemail_left", "call.voicemail"],
    ["tagged", "no_meaning"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(samples.get(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    eventsOf(elements);
  });

  it("tell who called, and how long they spoke without the ringing", () => {
    expect(eventsOf(parse(samples.get("ended-answered")))).toEqual([
      {
        id: "123:completed",
        type: "call.completed",
        occurred_at: "2026-01-02T03:04:30.000Z",
        identifiers: { phone: "+33 1 76 36 06 95", email: "ana@acme.example", user_id: "aircall:contact:699" },
        properties: {
          call_id: "123",
          direction: "inbound",
          duration_seconds: 20,
          agent: "kim@keypulse.example",
          line: "+33 1 70 00 00 00",
        },
        traits: { name: "Ana B", company: "Acme" },
      },
    ]);
  });

  it("tell of a message once, though two of them do", () => {
    const ids = ["ended-voicemail", "voicemail_left"].map((name) => eventsOf(parse(samples.get(name)))[0]?.id);
    expect(ids).toEqual(["123:voicemail", "123:voicemail"]);
  });

  it("make no person of a hidden caller, and take no address of a contact with two", () => {
    const hidden = withData("ended-missed", { raw_digits: "anonymous" });
    expect(eventsOf(parse(hidden))[0]?.identifiers).toEqual({});
    const emails = [{ value: "ana@acme.example" }, { value: "office@acme.example" }];
    const shared = withData("ended-answered", { contact: { id: 1, emails } });
    expect(eventsOf(parse(shared))[0]?.identifiers).toEqual({
      phone: "+33 1 76 36 06 95",
      user_id: "aircall:contact:1",
    });
  });

  it("that are unknown, broken or no JSON are kept or refused", () => {
    expect(parse({ ...(samples.get("created") as object), event: "call.sung" }).map(outcomeOf)).toEqual([
      "unknown_type",
    ]);
    expect(parse(withData("created", { direction: "sideways" })).map(outcomeOf)).toEqual([
      expect.stringMatching(/^fault/),
    ]);
    expect(() => aircall.parse(providerRequest("{"), context())).toThrow(MalformedBody);
    expectElementsOrMalformed(aircall, context(), nearly([...samples.values()]), (body) => providerRequest(body));
  });

  it("are what the wiring test sends", () => {
    const sample = aircall.sample("https://collector.example/hooks/s1", context());
    expect(aircall.verify(sample, context(), offline)).toEqual({ ok: true });
    expect(eventsOf(aircall.parse(sample, context()))).toMatchObject([
      { type: "call.completed", properties: { duration_seconds: 42 } },
    ]);
  });

  it("keeps its token out of the bytes that are kept, which read the same again", () => {
    const sample = aircall.sample(
      "https://collector.example/hooks/s1",
      contextOf(aircall, { secrets: ["tok-secret"] }),
    );
    const [element] = aircall.parse(sample, contextOf(aircall));
    expect(sample.body.toString()).toContain("tok-secret");
    expect(element!.raw.toString()).not.toContain("tok-secret");
    const again = aircall.parse({ ...sample, body: element!.raw }, contextOf(aircall));
    expect(eventsOf(again)).toEqual(eventsOf([element!]));
  });
});
