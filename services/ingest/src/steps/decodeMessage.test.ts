import { describe, expect, it } from "vitest";
import type { RawMessage } from "../domain/outcome.ts";
import { decodeMessage } from "./decodeMessage.ts";

const event = { id: "e-1", source: "shop", type: "order.placed", occurred_at: "2026-01-02T03:04:05Z" };
const decode = (value: Buffer | string, headers: RawMessage["headers"] = {}) =>
  decodeMessage({ offset: 0, timestampMs: 0, key: null, value: Buffer.from(value), headers });
const { id, source, type, occurred_at: time, ...said } = { ...event, properties: { order_id: "o-1" } };

describe("A message from Kafka", () => {
  it("that is no UTF-8 is refused: two broken names would be read as one", () => {
    for (const byte of [0xe9, 0xf6]) {
      const broken = Buffer.concat([Buffer.from('{"name":"Andr'), Buffer.from([byte]), Buffer.from('"}')]);
      expect(decode(broken)).toEqual({ reason: "bad_text", detail: "the message is not UTF-8" });
    }
    expect(decode('{"name":"André"}')).toEqual({ value: { name: "André" } });
  });

  it("that begins with what is no JSON is told by its name", () => {
    const json = Buffer.from(JSON.stringify(event));
    for (const [first, words] of [
      [[0xef, 0xbb, 0xbf], /byte order mark/],
      [[0xff, 0xfe], /UTF-16/],
      [[0, 0, 0, 0, 42], /schema registry/],
    ] as const) {
      const decoded = decode(Buffer.concat([Buffer.from(first), json]));
      expect(decoded).toEqual({ reason: "not_json", detail: expect.stringMatching(words) });
    }
  });

  it("that is a CloudEvent is read in binary and in structured mode", () => {
    const headers = { ce_id: id, ce_source: source, ce_type: type, ce_time: time, ce_specversion: "1.0" };
    expect(decode(JSON.stringify(said), headers)).toEqual({ value: { ...event, ...said } });
    const structured = { specversion: "1.0", id, source, type, time, datacontenttype: "application/json", data: said };
    expect(decode(JSON.stringify(structured))).toEqual({ value: { ...event, ...said } });
    // What the event says itself goes before its attributes.
    const own = { ...structured, data: { ...said, id: "own" } };
    expect(decode(JSON.stringify(own))).toMatchObject({ value: { id: "own", type } });
    for (const data of [{ data_base64: "e30=" }, { data: "text" }, { data: null }, { data: [] }]) {
      const { data: _, ...attributes } = structured;
      expect(decode(JSON.stringify({ ...attributes, ...data }))).toMatchObject({
        reason: "invalid",
        detail: expect.stringMatching(/^data: /),
      });
    }
  });

  it("whose headers say a thing twice is refused by the header's name", () => {
    const twice = { ce_id: [Buffer.from("a"), Buffer.from("b")] } as unknown as RawMessage["headers"];
    expect(decode(JSON.stringify(said), twice)).toEqual({
      reason: "invalid",
      detail: "ce_id: the header is there more than once",
    });
  });
});
