import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { callrail, signCallRail } from "./callrail.ts";

/** The body that CallRail publishes with its signature; not a byte of it may change. */
const published = fs.readFileSync(new URL("samples/published.txt", import.meta.url));
const key = "072e77e426f92738a72fe23c4d1953b4";
const signature = "UZAHbUdfm3GqL7qzilGozGzWV64=";
const samples = new Map(samplesOf(import.meta.url, fs)).set("published", JSON.parse(published.toString()));
const context = (secrets = [key]) => contextOf(callrail, { secrets });
const parse = (sample: unknown) => callrail.parse(providerRequest(JSON.stringify(sample)), context());

describe("CallRail's signature", () => {
  const verified = (body: Buffer, given: string | undefined, secrets?: string[]) =>
    callrail.verify(providerRequest(body, given === undefined ? {} : { Signature: given }), context(secrets), offline);

  it("reproduces the published vector and ours", () => {
    expect(published).toHaveLength(2279);
    expect(signCallRail(key, published)).toBe(signature);
    const body = Buffer.from('{"id":"CAL1","answered":true,"duration":42}');
    expect(signCallRail("callrail-signing-key", body)).toBe("UFyGxYJLk7X5zBnuqK786f0fCGM=");
  });

  it("is taken with the old key while one is rotated", () => {
    expect(verified(published, signature)).toEqual({ ok: true });
    expect(verified(published, signature, ["new-key", key])).toEqual({ ok: true });
  });

  it("is refused where it is missing, cut or of another body", () => {
    expect(verified(published, undefined)).toMatchObject({ ok: false });
    expect(verified(published, "UZAH")).toMatchObject({ ok: false });
    expect(verified(Buffer.concat([published, Buffer.from("\n")]), signature)).toMatchObject({ ok: false });
    expect(verified(published, signature, ["new-key"])).toMatchObject({ ok: false });
  });
});

describe("CallRail's calls", () => {
  it.each([
    ["pre-call", "call.started"],
    ["post-call-answered", "call.completed"],
    ["post-call-missed", "call.missed"],
    ["published", "call.voicemail"],
    ["text-message", "unknown_type"],
  ])("%s is %s", (name, outcome) => {
    const elements = parse(samples.get(name));
    expect(elements.map(outcomeOf)).toEqual([outcome]);
    eventsOf(elements);
  });

  it("carry the client's number; the name is the phone network's, and the company is ours", () => {
    expect(eventsOf(parse(samples.get("published")))).toEqual([
      {
        id: "766970532:voicemail",
        type: "call.voicemail",
        occurred_at: "2018-02-19T18:41:00.236Z",
        identifiers: { phone: "+12148654559" },
        properties: {
          call_id: "766970532",
          direction: "inbound",
          duration_seconds: 13,
          outcome: "voicemail",
          line: "+14045558514",
          caller_name: "Kaylah Mills",
          source_name: "Google AdWords",
          campaign: "Google AdWords",
        },
      },
    ]);
  });

  it("make no person of a hidden caller", () => {
    for (const customer_phone_number of ["anonymous", "+266696687", "", null]) {
      const call = { ...(samples.get("post-call-answered") as object), customer_phone_number };
      expect(eventsOf(parse(call))[0]?.identifiers).toEqual({});
    }
  });

  it("that are broken or no JSON are kept or refused", () => {
    const broken = { ...(samples.get("post-call-answered") as object), duration: "long" };
    expect(parse(broken).map(outcomeOf)).toEqual([expect.stringMatching(/^fault: .*seconds/)]);
    expect(() => callrail.parse(providerRequest("{"), context())).toThrow(MalformedBody);
    expectElementsOrMalformed(callrail, context(), nearly([...samples.values()]), (body) => providerRequest(body));
  });

  it("are what the wiring test sends", () => {
    const sample = callrail.sample("https://collector.example/hooks/s1", context());
    expect(callrail.verify(sample, context(), offline)).toEqual({ ok: true });
    expect(eventsOf(callrail.parse(sample, context()))).toMatchObject([{ type: "call.completed" }]);
  });
});
