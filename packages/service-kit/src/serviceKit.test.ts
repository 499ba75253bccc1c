import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError, createLogger, createMetrics, readConfig, serveHealth, serviceSettingsShape } from "./index.ts";

describe("readConfig", () => {
  it("reports every fault at once, without the values", () => {
    const read = () =>
      readConfig(
        { ...serviceSettingsShape, TOKEN: z.string().min(20) },
        { PORT: "99999", LOG_LEVEL: "loud", TOKEN: "hush-hush" },
      );
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/PORT: .*\n.*LOG_LEVEL: .*\n.*TOKEN: /s);
    expect(read).not.toThrow(/hush/);
  });
  it("takes an empty text for not set", () => {
    expect(readConfig(serviceSettingsShape, { PORT: "", HOST: "" })).toMatchObject({ PORT: 0, HOST: "127.0.0.1" });
  });
});

describe("createLogger", () => {
  it("keeps personal data and secrets out, at the top and inside", () => {
    const lines: string[] = [];
    const logger = createLogger("test", "info", { write: (line) => void lines.push(line) });
    logger.info(
      {
        email: "ana@acme.example",
        event: { identifiers: { email: "ana@acme.example" } },
        secret: "s3cret",
        range: "t:0:1-2",
      },
      "stored",
    );
    expect(lines.join("")).not.toMatch(/ana@|s3cret/);
    expect(JSON.parse(lines[0]!)).toMatchObject({ service: "test", msg: "stored", range: "t:0:1-2" });
  });
});

describe("serveHealth", () => {
  it("answers /live, /ready with reasons, and /metrics", async () => {
    let fault: string | undefined = "away";
    const server = await serveHealth({ HOST: "127.0.0.1", PORT: 0 }, createMetrics("test"), async () => ({
      redis: fault,
    }));
    try {
      expect((await fetch(`${server.url}/live`)).status).toBe(200);
      const notReady = await fetch(`${server.url}/ready`);
      expect([notReady.status, await notReady.json()]).toEqual([
        503,
        { status: "not ready", reasons: { redis: "away" } },
      ]);
      fault = undefined;
      expect((await fetch(`${server.url}/ready`)).status).toBe(200);
      expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
        'process_cpu_seconds_total{service="test"}',
      );
      expect((await fetch(`${server.url}/other`)).status).toBe(404);
    } finally {
      await server.close();
    }
  });
});
