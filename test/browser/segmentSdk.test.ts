import { createReadStream, existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { freePorts } from "@keypulse/infra";
import { newWriteKey, SettingsTable, sourceSchema, storeSecret } from "@keypulse/sources";
import {
  createTestWorkspace,
  eventually,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { Analytics } from "@segment/analytics-node";
import puppeteer, { type Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Chrome or Chromium as CI installs it, or as most people have it. */
const chrome = [
  process.env.CHROME_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));

/** The library as it is published, served as a site would. */
const libraryFolder = join(
  dirname(createRequire(import.meta.url).resolve("@segment/analytics-next/package.json")),
  "dist/umd",
);

describe("Segment's own libraries, unmodified, with nothing but their host changed", () => {
  let workspace: TestWorkspace;
  let ingest: ServiceProcess;
  let collector: ServiceProcess;
  let site: Server;
  let collectorUrl: string;
  const key = newWriteKey();
  beforeAll(async () => {
    workspace = await createTestWorkspace();
    const now = new Date().toISOString();
    const secrets = [storeSecret(key, "site", Date.now())];
    const source = sourceSchema.parse({
      id: "site",
      name: "Site",
      connector: "segment",
      secrets,
      created_at: now,
      updated_at: now,
    });
    await new SettingsTable(workspace.clickhouse, "source").append("site", 1, source, "test");
    const [port] = await freePorts(1);
    collectorUrl = `http://127.0.0.1:${port}`;
    const secretKey = Buffer.alloc(32, 7).toString("base64");
    ingest = await startService("ingest", workspace.environment);
    collector = await startService("collector", {
      ...workspace.environment,
      COLLECTOR_PORT: String(port),
      KEYPULSE_SECRET_KEY: secretKey,
    });
    site = createServer((request, response) => {
      if (request.url?.startsWith("/umd/")) {
        response.writeHead(200, { "content-type": "text/javascript" });
        createReadStream(join(libraryFolder, request.url.slice(5))).pipe(response);
      } else {
        response.writeHead(200, { "content-type": "text/html" });
        response.end('<!doctype html><title>Pricing</title><script src="/umd/index.js"></script>');
      }
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    site?.close();
    await collector?.stop();
    await ingest?.stop();
    await workspace?.close();
  });
  const stored = (userId: string, atLeast: number) =>
    eventually(
      () =>
        workspace.rows<{ type: string; url: string; identifiers: Record<string, string>; properties: string }>(
          `SELECT type, url, identifiers, properties FROM events
           WHERE identifiers['user_id'] = '${userId}' OR identifiers['anonymous_id'] = '${userId}' ORDER BY occurred_at, type`,
        ),
      (rows) => rows.length >= atLeast,
    );

  it("@segment/analytics-node", async () => {
    const analytics = new Analytics({ writeKey: key, host: collectorUrl, flushAt: 2 });
    const userId = "node-user";
    analytics.identify({ userId, traits: { email: "ana@acme.example", firstName: "Ana" } });
    analytics.group({ userId, groupId: "acme", traits: { name: "Acme" } });
    analytics.track({
      userId,
      event: "Order Completed",
      properties: { order_id: "o-1", total: 25.1, currency: "EUR" },
    });
    analytics.page({ userId, properties: { url: "https://acme.example/pricing" } });
    await analytics.closeAndFlush();
    const rows = await stored(userId, 5);
    expect(rows.map(({ type }) => type).sort()).toEqual([
      "group",
      "identify",
      "order.placed",
      "order.updated",
      "web.page_viewed",
    ]);
  });

  it("@segment/analytics-next in a browser", {
    timeout: 60_000,
    skip: chrome === undefined && !process.env.CI,
  }, async () => {
    const browser: Browser = await puppeteer.launch({ executablePath: chrome!, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      const faults: string[] = [];
      page.on("request", (request) => asked.push(new URL(request.url()).host));
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/pricing`);
      await page.evaluate(
        async (writeKey, cdnURL, apiHost) => {
          // biome-ignore lint/suspicious/noExplicitAny: the library puts itself on the window
          const { AnalyticsBrowser } = (globalThis as any).AnalyticsNext;
          const load = { integrations: { "Segment.io": { apiHost, protocol: "http" } } };
          const [analytics] = await AnalyticsBrowser.load({ writeKey, cdnURL }, load);
          await analytics.page();
          await analytics.identify("browser-user", { email: "bo@acme.example" });
          await analytics.group("acme", { name: "Acme" });
          await analytics.track("Product Viewed", { product_id: "72", sku: "A-1", price: 29.35, currency: "EUR" });
        },
        key,
        collectorUrl,
        `${new URL(collectorUrl).host}/v1`,
      );
      const rows = await stored("browser-user", 3);
      expect(rows.map(({ type }) => type).sort()).toEqual(["group", "identify", "web.product_viewed"]);
      const anonymous = rows[0]!.identifiers.anonymous_id!;
      const [view] = await stored(anonymous, 4);
      expect(view).toMatchObject({ type: "web.page_viewed", url: expect.stringContaining("/pricing") });
      expect(faults).toEqual([]);
      // Nothing but the site and us: no script of anybody else was loaded.
      expect(new Set(asked)).toEqual(
        new Set([new URL(collectorUrl).host, `127.0.0.1:${(site.address() as AddressInfo).port}`]),
      );
    } finally {
      await browser.close();
    }
  });
});
