import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { readSegmentBody, SegmentBodyTooLarge, segmentEndpoints, segmentLimits } from "./body.ts";

const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const read = (path: string, value: unknown) => readSegmentBody(path, bytes(value));

describe("A body of the Segment API", () => {
  it.each([
    ["/v1/track", "track"],
    ["/v1/t", "track"],
    ["/v1/identify", "identify"],
    ["/v1/i", "identify"],
    ["/v1/group", "group"],
    ["/v1/g", "group"],
    ["/v1/page", "page"],
    ["/v1/p", "page"],
    ["/v1/screen", "screen"],
    ["/v1/s", "screen"],
    ["/v1/alias", "alias"],
    ["/v1/a", "alias"],
    ["/v1/a/", "alias"],
  ])("at %s is one %s message, whatever it says itself", (path, type) => {
    for (const given of [type, undefined, "other"]) {
      const body = { type: given, userId: "u-1", writeKey: "wk_test_1", sentAt: "2026-01-02T03:04:10Z" };
      expect(read(path, body)).toMatchObject({
        messages: [{ type, userId: "u-1" }],
        writeKey: "wk_test_1",
        sentAt: "2026-01-02T03:04:10Z",
      });
    }
  });

  it.each(["/v1/batch", "/v1/b", "/v1/import"])("at %s is a batch with a clock and a context", (path) => {
    const body = { batch: [{ type: "track" }, 7], writeKey: "wk_test_1", sentAt: "2026-01-02", context: { ip: "x" } };
    expect(read(path, body)).toEqual({
      messages: [{ type: "track" }, 7],
      writeKey: "wk_test_1",
      sentAt: "2026-01-02",
      context: { ip: "x" },
    });
    expect(read(path, { batch: [] })).toEqual({ messages: [] });
  });

  it("keeps ids exact that a double doesn't hold", () => {
    expect(read("/v1/t", '{"userId": 820982911946154508}').messages).toEqual([
      { type: "track", userId: "820982911946154508" },
    ]);
  });

  it.each([
    ["/v1/track", "{"],
    ["/v1/track", "[]"],
    ["/v1/track", "null"],
    ["/v1/batch", "{}"],
    ["/v1/batch", '{"batch": {}}'],
    ["/v1/pixel", "{}"],
    ["/v1", "{}"],
  ])("at %s that is %s is malformed", (path, body) => {
    expect(() => read(path, body)).toThrow(MalformedBody);
  });

  it("is taken up to the documented limits", () => {
    const { messageBytes, batchBytes, batchMessages } = segmentLimits;
    expect([messageBytes, batchBytes, batchMessages]).toEqual([32_768, 512_000, 2500]);
    const ofBytes = (length: number) => ({ a: "x".repeat(length - '{"a":""}'.length) });
    const batch = (elements: unknown[]) => read("/v1/b", { batch: elements });

    expect(read("/v1/t", JSON.stringify(ofBytes(messageBytes))).messages).toHaveLength(1);
    expect(() => read("/v1/t", JSON.stringify(ofBytes(messageBytes + 1)))).toThrow(SegmentBodyTooLarge);
    expect(batch([ofBytes(messageBytes), {}]).messages).toHaveLength(2);
    // The message is refused by itself, and the others of its batch are taken.
    expect(batch([{}, ofBytes(messageBytes + 1)]).mayBeTooLarge).toBe(true);
    expect(batch(new Array(batchMessages).fill({})).messages).toHaveLength(batchMessages);
    expect(() => batch(new Array(batchMessages + 1).fill({}))).toThrow(SegmentBodyTooLarge);
    expect(() => batch(new Array(16).fill(ofBytes(messageBytes)))).toThrow(SegmentBodyTooLarge);
  });

  it("has sixteen paths", () => {
    expect(segmentEndpoints.size).toBe(16);
  });
});
