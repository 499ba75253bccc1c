import { expect, test } from "vitest";
import type { AlertLine } from "./alertLines.ts";
import { type Report, showReport } from "./report.ts";

const alert: AlertLine = {
  id: "7e0fd8a4-7d0e-8d3e-9c5b-3a1f0e6f2b11",
  version: 1,
  state: "open",
  clientId: "0b6d5a52-9c1c-8b52-8a3f-1b1d3a3d9a10",
  client: "Harbour Gifts 12346",
  detector: "silence",
  channel: "orders",
  crossedAt: "2026-11-18T09:00:00Z",
  reason: "No order for 41 days (last on 2026-10-11), usually every 5 days: 8.2 times as long.",
  moneyAtStake: "33719.50",
  currency: "GBP",
};

const report: Report = {
  readySeconds: 41.234,
  clients: 4_372,
  events: 201_823,
  rejected: 0,
  lost: 0,
  duplicates: 0,
  firstEvent: "2025-11-11T10:00:00Z",
  lastEvent: "2026-11-21T19:15:41Z",
  sources: [
    { source: "demo-web", events: 81_268 },
    { source: "online-retail", events: 25_900 },
  ],
  currency: "GBP",
  timeZone: "Europe/London",
  netRevenue: "9747747.934",
  netRevenueOfClients: "8300065.814",
  load: { events: 201_823, sources: {}, sendSeconds: 9, storeSeconds: 20, eventsPerSecond: 10_091.15 },
  openAlerts: { news: 9, goodNews: 2, history: 1_204 },
  worstAlerts: [alert, { ...alert, client: "Willow Home 18000", moneyAtStake: "900" }],
  services: [{ name: "ingest", url: "http://127.0.0.1:19101" }],
  collectorUrl: "http://127.0.0.1:19104",
  consoleUrl: "http://127.0.0.1:19105",
  alertsTopic: "keypulse.alerts",
  kafkaBrokers: "127.0.0.1:19092",
};

test("the report says what is there, who needs somebody, and where to look", () => {
  expect(showReport(report, 72)).toBe(`Keypulse is ready after 41.2 s.

  Clients      4,372
  Events       201,823, loaded at 10,091 a second
  Time         11 Nov 2025 to 21 Nov 2026
  Sources      demo-web 81,268, online-retail 25,900
  Net revenue  8,300,065.81 GBP of known clients, 9,747,747.93 GBP of
               all orders

Clients who need somebody today: 9 new alerts, most money at stake a year first
  33,720 GBP  Harbour Gifts 12346
              No order for 41 days (last on 2026-10-11), usually every 5
              days: 8.2 times as long.
     900 GBP  Willow Home 18000
              No order for 41 days (last on 2026-10-11), usually every 5
              days: 8.2 times as long.
  7 more are new; 2 are good news (npm run alerts -- list); 1,204 crossed their line longer ago: history to query, not announced

Look further
  Ask        npm run sql -- "SELECT name, revenue_net, last_order, open_alerts FROM clients ORDER BY revenue_365d DESC LIMIT 10"
  Wire       npm run source -- create --help; what can be wired: npm run source -- connectors
  Collector  http://127.0.0.1:19104/hooks/{source} for webhooks, http://127.0.0.1:19104/v1 for Segment's libraries
  Console    http://127.0.0.1:19105/openapi.json; its token is KEYPULSE_API_TOKEN, else in .keypulse/secrets.json
  ingest     http://127.0.0.1:19101/ready, /live, /metrics
  Alerts     topic keypulse.alerts on 127.0.0.1:19092, views alerts_open and alerts_latest`);
});

test("an empty store makes a report, too", () => {
  const empty: Report = {
    ...report,
    clients: 0,
    events: 0,
    firstEvent: null,
    lastEvent: null,
    sources: [],
    netRevenue: "0",
    netRevenueOfClients: "0",
    load: null,
    openAlerts: { news: 0, goodNews: 0, history: 0 },
    worstAlerts: [],
  };
  const shown = showReport(empty, 100);
  expect(shown).toContain("  Events       0\n  Sources      none yet\n  Net revenue  0.00 GBP of known clients");
  expect(shown).toContain("No alerts are open.");
});
