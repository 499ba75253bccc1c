import { describe, expect, test } from "vitest";
import { judgeAnswer } from "./attempt.ts";

const rules = { scheduleMs: [0, 5_000, 300_000], nowMs: Date.UTC(2026, 0, 1), random: 0 };
const answer = (status: number, retryAfter?: string) => ({ status, retryAfter, durationMs: 1 });

describe("an answer", () => {
  test.each([200, 201, 204, 299])("%i is delivered", (status) => {
    expect(judgeAnswer(answer(status), 1, rules).outcome).toBe("delivered");
  });

  test.each([0, 301, 302, 307, 400, 401, 404, 429, 500, 503])("%i is tried again", (status) => {
    expect(judgeAnswer(answer(status), 1, rules)).toMatchObject({ outcome: "retry", delayMs: 5_000 });
  });

  test("410 asks to be left alone", () => {
    expect(judgeAnswer(answer(410), 1, rules).outcome).toBe("disabled");
  });

  test("is the last where the schedule ends", () => {
    expect(judgeAnswer(answer(500), 2, rules)).toMatchObject({ outcome: "retry", delayMs: 300_000 });
    expect(judgeAnswer(answer(500), 3, rules)).toMatchObject({ outcome: "failed", detail: "HTTP 500" });
  });

  test("is followed by a pause that is never shorter than planned", () => {
    expect(judgeAnswer(answer(500), 1, { ...rules, random: 1 }).delayMs).toBe(6_000);
  });

  test.each([
    ["seconds", "60", 60_000],
    ["a date", "Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["less than planned", "1", 5_000],
    ["a date gone by", "Wed, 31 Dec 2025 00:00:00 GMT", 5_000],
    ["nonsense", "soon", 5_000],
    ["absurdly long", "999999999", 86_400_000],
  ])("429 and 503 with Retry-After: %s", (_what, retryAfter, delayMs) => {
    expect(judgeAnswer(answer(429, retryAfter), 1, rules).delayMs).toBe(delayMs);
    expect(judgeAnswer(answer(503, retryAfter), 1, rules).delayMs).toBe(delayMs);
    expect(judgeAnswer(answer(500, retryAfter), 1, rules).delayMs).toBe(5_000);
  });
});
