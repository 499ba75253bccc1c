import { ConfigError } from "@keypulse/service-kit";
import { describe, expect, test } from "vitest";
import { readAlertsConfig } from "./config.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

describe("settings", () => {
  test("default to Standard Webhooks' schedule, no consumers, public targets only", () => {
    const settings = readAlertsConfig({});
    expect(settings.ALERT_WEBHOOKS).toEqual([]);
    expect(settings.ALERT_WEBHOOK_ALLOW_PRIVATE).toBe(false);
    expect(settings.ALERT_RETRY_SCHEDULE_SECONDS).toHaveLength(10);
    expect(settings.ALERT_RETRY_SCHEDULE_SECONDS.reduce((sum, ms) => sum + ms)).toBe((75 * 60 + 35) * 60_000 + 5_000);
  });

  test("list consumers", () => {
    const consumer = { name: "crm", url: "https://crm.example/hook", secret, detectors: ["silence"], min_money: 500 };
    expect(readAlertsConfig({ ALERT_WEBHOOKS: JSON.stringify([consumer]) }).ALERT_WEBHOOKS).toEqual([consumer]);
  });

  test("name every fault at once and no secret", () => {
    const faults = (webhooks: unknown, rest = {}) => {
      const text = typeof webhooks === "string" ? webhooks : JSON.stringify(webhooks);
      try {
        readAlertsConfig({ ALERT_WEBHOOKS: text, ...rest });
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        return (error as Error).message;
      }
      throw new Error("was taken");
    };
    const many = faults(
      [
        { name: "a b", url: "ftp://x", secret: "whsec_c2hvcnQtc2VjcmV0" },
        { name: "ok", url: "https://me:pass@crm.example", secret: "top-secret", detectors: ["fraud"], extra: 1 },
      ],
      { ALERT_FRESH_DAYS: "soon", ALERT_RETRY_SCHEDULE_SECONDS: "0,x" },
    );
    for (const field of ["0.name", "0.url", "0.secret", "1.url", "1.secret", "1.detectors.0"]) {
      expect(many).toContain(`ALERT_WEBHOOKS.${field}:`);
    }
    expect(many).toContain("ALERT_FRESH_DAYS");
    expect(many).toContain("ALERT_RETRY_SCHEDULE_SECONDS");
    expect(many).not.toMatch(/top-secret|c2hvcnQ|pass@/);
    expect(faults(`[{"secret": "${secret}"`)).not.toContain("whsec_M");
    const twice = { name: "a", url: "https://a.example", secret };
    expect(faults([twice, twice])).toContain("names must differ");
  });
});
