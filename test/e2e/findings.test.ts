import {
  buildEvent,
  createTestWorkspace,
  eventually,
  type SentEvent,
  type ServiceProcess,
  seededRandom,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = Date.now();
const ago = (days: number): string => new Date(now - days * dayMs).toISOString();
/** Days ago from `from` down to `to`, at even steps. */
const every = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((from - to) / step) + 1 }, (_, i) => from - i * step);

type Given = Record<string, unknown>;
const event = (
  account: string,
  type: Parameters<typeof buildEvent>[0],
  days: number,
  properties?: Given,
  who: Record<string, string> = {},
) =>
  buildEvent(type, {
    ...{ source: "shop", occurred_at: ago(days), identifiers: { account_id: account, ...who } },
    ...(properties && { properties }),
  });
let count = 0;
const order = (account: string, days: number, amount = 100, more: Given = {}): SentEvent =>
  event(account, "order.placed", days, { order_id: `o-${count++}`, amount: String(amount), currency: "EUR", ...more });
const item = (category: string, sku = "p", unit_price = "10", quantity = "1") => ({
  sku,
  category,
  unit_price,
  quantity,
});
const person = (account: string, name: string, days: number, traits: Given = {}): SentEvent =>
  buildEvent("identify", {
    ...{
      source: "crm",
      occurred_at: ago(days),
      identifiers: { account_id: account, email: `${name}@${account}.example` },
    },
    traits: { name, ...traits },
  });
const mail = (account: string, name: string) => ({ email: `${name}@${account}.example` });

/** One client for each detector: its events, beside the weekly orders that all have. */
const planted: Record<string, SentEvent[]> = {
  payment: every(460, 10, 30).flatMap((days, i) => [
    event("payment", "invoice.issued", days + 30, {
      invoice_id: `i-${i}`,
      amount: "500",
      currency: "EUR",
      due_at: ago(days),
    }),
    ...(days > 75
      ? [event("payment", "invoice.paid", days - 1, { invoice_id: `i-${i}`, amount: "500", currency: "EUR" })]
      : []),
  ]),
  contact_silence: [
    person("contact_silence", "ana", 400, { role: "decides" }),
    ...every(400, 150, 5).map((days) =>
      event("contact_silence", "email.clicked", days, undefined, mail("contact_silence", "ana")),
    ),
  ],
  contact_mail: [
    person("contact_mail", "bo", 400, { role: "decides" }),
    event("contact_mail", "email.bounced", 3, { bounce_type: "HardBounce" }, mail("contact_mail", "bo")),
  ],
  missed_calls: [5, 4].map((days) => event("missed_calls", "call.missed", days, undefined, { phone: "+442079460123" })),
  detractor: [person("detractor", "cy", 20, { role: "decides", nps: 2 })],
  satisfaction_drop: [500, 450, 400, 350, 300, 250, 40, 20, 10].map((days) =>
    person("satisfaction_drop", "di", days, { nps: days > 100 ? 9 : 4 }),
  ),
  complaints: [70, 50, 30, 10].map((days) =>
    event("complaints", "web.form_submitted", days, { form: "complaint", url: "https://a.example" }),
  ),
  new_contacts: [60, 50, 40, 30, 20].map((days, i) =>
    event("new_contacts", "email.clicked", days, undefined, mail("new_contacts", `new${i}`)),
  ),
  // Clicks twice a week until ten weeks ago, orders go on.
  "activity_drop email": every(400, 70, 3).map((days) =>
    event("activity_drop email", "email.clicked", days, undefined, mail("activity", "eve")),
  ),
};
/** Clients whose orders themselves are unusual. */
const orders: Record<string, SentEvent[]> = {
  spend: every(480, 1, 7).map((days) => order("spend", days, days > 91 ? 100 : 40)),
  mix: every(480, 1, 7).map((days) =>
    order("mix", days, 100, { items: [item("paper"), ...(days > 120 ? [item("toner")] : [])] }),
  ),
  margin_trend: every(480, 1, 7).map((days, i, { length }) =>
    order("margin_trend", days, 100, {
      items: [item("paper", "costly", String(12 - Math.max(0, (12 - (length - i)) * 0.4)))],
    }),
  ),
  discount_trend: every(480, 1, 7).map((days, i, { length }) =>
    order("discount_trend", days, 100, { discount: String(2 + 2 * Math.max(0, 12 - (length - i))) }),
  ),
  growth: [...every(480, 56, 7), ...every(55, 1, 1)].map((days) => order("growth", days, 20)),
  new_product_groups: every(480, 1, 7).map((days) =>
    order("new_product_groups", days, 100, { items: [item("paper"), ...(days < 60 ? [item(`new ${days % 5}`)] : [])] }),
  ),
  return: [...every(480, 300, 7), 9, 2].map((days) => order("return", days)),
  // Grows to more than a tenth of all revenue.
  share_crossing: every(480, 1, 7).map((days) => order("share_crossing", days, 100 + 7 * Math.max(0, 200 - days))),
};

/** Known through `broken` alone; the first of them ordered no more toner before that broke. */
const behind = (i: number, days: number): SentEvent => ({
  ...order(`behind-${i}`, days, 5, { items: [item("paper"), ...(i > 0 || days > 90 ? [item("toner")] : [])] }),
  source: "broken",
});

describe("findings of every detector", () => {
  let workspace: TestWorkspace;
  const services: ServiceProcess[] = [];
  let signals: ServiceProcess;

  beforeAll(async () => {
    workspace = await createTestWorkspace();
    await workspace.clickhouse.insert({
      table: "product_costs",
      format: "JSONEachRow",
      values: [{ sku: "costly", since: "2020-01-01", unit_cost: 6, who: "ann", written_at: now }],
    });
    services.push(await startService("ingest", workspace.environment));
    const random = seededRandom(3);
    const weekly = (account: string) => every(480, 1, 7).map((days) => order(account, days + random()));
    const history = [
      ...Array.from({ length: 12 }, (_, i) => weekly(`regular-${i}`)).flat(),
      ...Object.entries(planted).flatMap(([account, events]) => [...weekly(account), ...events]),
      ...Object.values(orders).flat(),
      ...[...Object.keys(planted), ...Object.keys(orders)].map((account) =>
        buildEvent("group", {
          ...{ source: "crm", occurred_at: ago(480) },
          identifiers: { account_id: account },
          traits: { name: account },
        }),
      ),
      // Some known through a source that stopped sending 30 days ago; until then it sent every day.
      ...every(400, 30, 0.25).map((days, i) => behind(i % 6, days)),
      // The shop is alive to the last hour.
      ...every(60, 0, 0.04).map((days, i) => event(`regular-${i % 12}`, "order.shipped", days, { order_id: "1" })),
      event("regular-0", "order.shipped", 0.01, { order_id: "1" }),
    ];
    for (let i = 0; i < history.length; i += 2_000) await workspace.send(history.slice(i, i + 2_000));
    await workspace.untilIngested();
    signals = await startService("signals", { ...workspace.environment, SIGNALS_SOURCE_CHECK_SECONDS: "1" });
    const alerts = { ALERT_GROUP: `${workspace.world.topicPrefix}alerts` };
    services.push(signals, await startService("alerts", { ...workspace.environment, ...alerts }));
    await eventually(
      () => signals.metric("keypulse_signals_clients_evaluated_total"),
      (n) => n >= 35,
      20_000,
    );
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await workspace?.close();
  });

  const raised = () =>
    workspace.rows<{ client_name: string; cause: string; headline: string; advice: string; found: string[] }>(
      `SELECT client_name, toString(cause) AS cause, headline, advice,
         arrayMap(f -> concat(JSONExtractString(f, 'detector'), ' ', JSONExtractString(f, 'channel')), JSONExtractArrayRaw(findings)) AS found
       FROM signals FINAL WHERE state = 'raised' AND subject = 'client' ORDER BY client_name, cause`,
    );

  it("become signals, each about its client, by cause, with what helps", async () => {
    const rows = await raised();
    const causesOf = (name: string, detector: string) =>
      rows.flatMap(({ client_name, cause, found }) => (client_name === name && found.includes(detector) ? cause : []));
    const expected: [name: string, detector: string, cause: string][] = [
      ["payment", "payment payments", "pays_late"],
      ["spend", "spend orders", "smaller_orders"],
      ["mix", "mix orders", "missing_products"],
      ["margin_trend", "margin_trend orders", "falling_margin"],
      ["discount_trend", "discount_trend orders", "falling_margin"],
      ["contact_silence", "contact_silence decision_makers", "contact_lost"],
      ["contact_mail", "contact_mail email", "contact_lost"],
      ["missed_calls", "missed_calls call", "unanswered_calls"],
      ["detractor", "detractor surveys", "dissatisfied"],
      ["satisfaction_drop", "satisfaction_drop surveys", "dissatisfied"],
      ["complaints", "complaints all", "dissatisfied"],
      ["share_crossing", "share_crossing orders", "dependence"],
      ["share_crossing", "concentration_trend orders", "dependence"],
      ["growth", "growth orders", "growing"],
      ["growth", "growth all", "growing"],
      ["new_product_groups", "new_product_groups orders", "growing"],
      ["new_contacts", "new_contacts all", "growing"],
      ["return", "return orders", "back"],
      ["activity_drop email", "activity_drop email", "less_activity"],
    ];
    for (const [name, detector, cause] of expected) {
      expect([name, detector, causesOf(name, detector)]).toEqual([name, detector, [cause]]);
    }
    expect(rows.filter(({ headline, advice }) => headline === "" || advice === "")).toEqual([]);
    // At a budget of 0.1 and 0.25 false alarms a client-year, of twelve clients one may be open by chance.
    expect(rows.filter(({ client_name }) => client_name.startsWith("regular")).length).toBeLessThanOrEqual(1);
  });

  it("are one alert a client and cause, whichever detectors found it", async () => {
    const causes = (await raised()).map(({ client_name, cause }) => `${client_name}: ${cause}`);
    expect(new Set(causes).size).toBe(causes.length);
    const alerts = await eventually(
      () =>
        workspace.rows<{ name: string; cause: string }>(
          "SELECT client_name AS name, cause FROM alerts_open WHERE cause != 'source_broken'",
        ),
      (list) => list.length === causes.length,
    );
    expect(alerts.map(({ name, cause }) => `${name}: ${cause}`).sort()).toEqual(causes.sort());
  });

  it("wait while their source is broken, which is told itself, and become alerts when it is back", async () => {
    const held = () =>
      workspace.rows<{ name: string; until: string | null; outcome: string }>(
        "SELECT client_name AS name, until, outcome FROM findings_held WHERE source = 'broken' ORDER BY name",
      );
    const outages = (state: string) =>
      workspace.rows<{ client_name: string; reason: string }>(
        `SELECT client_name, reason FROM signals FINAL WHERE subject = 'source' AND state = '${state}'`,
      );
    expect((await raised()).filter(({ client_name }) => client_name.startsWith("behind"))).toEqual([]);
    expect(await held()).toEqual([{ name: "behind-0", until: null, outcome: "" }]);
    const broken = await eventually(
      () => outages("raised"),
      (rows) => rows.length > 0,
    );
    expect(broken).toMatchObject([
      { client_name: "broken", reason: expect.stringMatching(/^broken has sent nothing for \d+ hours/) },
    ]);

    await workspace.send(every(5, 0, 1).map((i) => behind(i, 0)));
    const back = await eventually(
      () => outages("cleared"),
      (rows) => rows.length > 0,
    );
    expect(back[0]!.reason).toBe("broken sends events again.");
    await eventually(held, ([row]) => row?.outcome === "raised" && row.until !== null);
    const now = await raised();
    expect(now.filter(({ client_name }) => client_name.startsWith("behind"))).toMatchObject([
      { client_name: "behind-0", cause: "missing_products" },
    ]);
    expect(await outages("raised")).toHaveLength(1);
  });
});
