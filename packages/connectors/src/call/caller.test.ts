import { describe, expect, it } from "vitest";
import { callerNumber } from "./caller.ts";

describe("numbers of callers", () => {
  it.each(["+15550001111", "+33 1 76 36 06 95", "(214) 865-4559", "+1 800-123-4567", " +442071234567 "])(
    "keeps %s as it was written",
    (number) => {
      expect(callerNumber(number)).toBe(number.trim());
    },
  );

  it.each([
    "anonymous",
    "Restricted",
    "+266696687",
    "+7378742833",
    "+86282452253",
    "+2562533",
    "+8656696",
    "266696687",
  ])("makes nobody of the hidden caller %s", (number) => {
    expect(callerNumber(number)).toBeUndefined();
  });

  it.each([undefined, "", "813", "client:ana", "sip:ana@acme.example", "N/A"])("makes nobody of %s", (number) => {
    expect(callerNumber(number)).toBeUndefined();
  });
});
