import { createCalendar, defaultGammaPrior, type OrderAmount } from "@keypulse/methods";
import { describe, expect, it } from "vitest";
import { smallerDetectors } from "./budgets.ts";
import { type CaseFile, emptyCaseFile } from "./caseFile.ts";
import type { CaseFrame } from "./caseFrame.ts";
import { type CasePanel, RevenueOfAll } from "./casePanel.ts";
import { watchCase } from "./watchCase.ts";

const calendar = createCalendar("Europe/London");
const dayMs = 86_400_000;
/** A Tuesday, two days after clocks went back. */
const now = Date.UTC(2026, 9, 27, 12);
const ago = (days: number) => now - days * dayMs;
const today = calendar.dayOf(now);
const every = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((from - to) / step) + 1 }, (_, i) => from - i * step);

const panel: CasePanel = {
  contactPrior: defaultGammaPrior,
  revenue: new RevenueOfAll(every(560, 0, 1).map((days) => ({ day: today - days, amount: 1_000 }))),
  concentration: undefined,
  criterion: { gaps: 3, days: 90, daysFirst: 180 },
};
const source = { heldBy: undefined, outages: [] };

function frame(file: Partial<CaseFile>, given: Partial<CaseFrame> = {}): CaseFrame {
  const orders = file.orders ?? every(700, 3, 7).map((days) => order(days));
  const revenue: OrderAmount[] = orders.flatMap(({ atMs, amount }) =>
    amount === undefined ? [] : { atMs: calendar.dayStartMs(calendar.dayOf(atMs)), amount },
  );
  const orderDays = [...new Set(orders.map(({ atMs }) => calendar.dayOf(atMs)))].sort((a, b) => a - b);
  return {
    clientId: "acme",
    file: { ...emptyCaseFile, ...file, orders },
    panel,
    budget: Object.fromEntries(smallerDetectors.map((name) => [name, 0.01])) as CaseFrame["budget"],
    settings: { minRepeats: 3, currency: "EUR" },
    calendar,
    asOfMs: now,
    orderDays,
    firstOrderMs: ago(700),
    firstActiveMs: ago(700),
    lastActiveMs: ago(1),
    revenue,
    yearRevenue: 5_200,
    orderSources: source,
    allSources: source,
    ...given,
  };
}

const order = (days: number, amount: number | undefined = 100, ...groups: string[]) => ({
  ...{ atMs: ago(days), amount, groups, discount: undefined },
});
const found = (of: CaseFrame) => watchCase(of).watched.filter(({ finding }) => finding !== undefined);
const only = (of: CaseFrame) => {
  const list = found(of);
  expect(list.map(({ detector }) => detector)).toHaveLength(1);
  return list[0]!;
};
/** What is raised, by which cause, since which local date, and what is at stake. */
const told = (of: CaseFrame) => {
  const { detector, channel, finding, crossedAtMs, moneyAtStake } = only(of);
  const since = new Date(calendar.dayOf(crossedAtMs!) * dayMs).toISOString().slice(0, 10);
  return { detector, channel, cause: finding!.cause, since, moneyAtStake, says: finding!.headline };
};
const contact = (name: string, isDecisionMaker: boolean, first: number, last: number, activeDays = 20) => ({
  ...{ name, isDecisionMaker, activity: { activeDays, firstActiveMs: ago(first), lastActiveMs: ago(last) } },
});

describe("a client that changes nothing", () => {
  it("gives no finding, and is watched where there is something to watch", () => {
    const { watched, nextDeadlineMs } = watchCase(frame({}));
    expect(watched.every(({ finding }) => finding === undefined)).toBe(true);
    expect(watched.filter(({ monitored }) => monitored).map(({ detector }) => detector)).toEqual([
      ...["spend", "share_crossing", "return"],
    ]);
    expect(nextDeadlineMs).toBeUndefined();
  });
});

describe("money", () => {
  it("spend: orders as often but of half the value, and cleared when they are as before", () => {
    const orders = every(700, 3, 7).map((days) => order(days, days > 91 ? 100 : 50));
    expect(told(frame({ orders }))).toMatchObject({
      ...{ detector: "spend", channel: "orders", cause: "smaller_orders", moneyAtStake: 2740.84 },
      says: "orders of 50.00 EUR instead of 100 EUR",
    });
    const later = every(90, 0, 7).map((days) => ({ ...order(0), atMs: now + 91 * dayMs - days * dayMs }));
    expect(found(frame({ orders: [...orders, ...later] }, { asOfMs: now + 91 * dayMs }))).toEqual([]);
  });

  it("spend: orders less often belong to less activity", () => {
    const orders = [...every(700, 95, 7), 60, 30].map((days) => order(days));
    expect(told(frame({ orders }))).toMatchObject({ detector: "spend", cause: "less_activity" });
  });

  it("spend: an outage of the source is no fall, and a suspect source holds", () => {
    const orders = [...every(700, 95, 7), 60, 30].map((days) => order(days));
    const outages = [{ startMs: ago(50), endMs: ago(40) }];
    expect(found(frame({ orders }, { orderSources: { ...source, outages } }))).toEqual([]);
    expect(only(frame({ orders }, { orderSources: { ...source, heldBy: "shop" } })).heldBy).toBe("shop");
  });

  it("mix: a product group that went, and what a year of it is worth", () => {
    const orders = every(700, 3, 7).map((days) => order(days, 100, "paper", ...(days > 120 ? ["toner"] : [])));
    const groups = ["paper", "toner"].map((name) => ({ name, firstMs: ago(700), lastMs: ago(3), share: 0.5 }));
    expect(told(frame({ orders, groups }))).toMatchObject({
      ...{ detector: "mix", cause: "missing_products", moneyAtStake: 2600, says: "no toner in the last 17 orders" },
    });
    const back = [...orders, order(0, 100, "paper", "toner")];
    expect(found(frame({ orders: back, groups }))).toEqual([]);
  });

  it("payment: the last invoices are late, the overdue amount is at stake", () => {
    const invoices = every(400, 10, 30).map((days, i) => ({
      ...{ id: `i-${i}`, dueMs: ago(days), amount: 1_000 },
      paidMs: days > 75 ? ago(days - 1) : undefined,
    }));
    expect(told(frame({ invoices }))).toMatchObject({
      ...{ detector: "payment", channel: "payments", cause: "pays_late", moneyAtStake: 3_000 },
      says: "three invoices of 3,000 EUR overdue",
    });
    expect(found(frame({ invoices: invoices.map((one) => ({ ...one, paidMs: one.dueMs + dayMs })) }))).toEqual([]);
  });

  it("margin and discount: points lost times a year's revenue, one cause", () => {
    const share = (i: number) => 0.4 - 0.02 * i;
    const margins = every(120, 10, 10).map((days, i) => ({ atMs: ago(days), share: share(i) }));
    const orders = every(120, 10, 10).map((days, i) => ({ ...order(days), discount: 0.02 * i }));
    const list = found(frame({ margins, orders }));
    expect(list.map(({ detector, finding }) => [detector, finding!.cause])).toEqual([
      ["margin_trend", "falling_margin"],
      ["discount_trend", "falling_margin"],
    ]);
    expect(list[0]!.moneyAtStake).toBeCloseTo(0.22 * 5_200, 0);
    const level = margins.map(({ atMs }) => ({ atMs, share: 0.4 }));
    expect(found(frame({ margins: level }))).toEqual([]);
  });
});

describe("people", () => {
  it("contact silence: who decides is silent while others are not, known in advance", () => {
    const quiet = contact("Ana Diaz", true, 400, 200);
    expect(told(frame({ contacts: [quiet, contact("Bo", false, 400, 1)] }))).toMatchObject({
      ...{ detector: "contact_silence", cause: "contact_lost", moneyAtStake: 5_200 },
      says: "no word from Ana Diaz for 200 days",
    });
    // A client that is silent as a whole is not told of person by person.
    expect(found(frame({ contacts: [quiet] }, { lastActiveMs: ago(200) }))).toEqual([]);
    const soon = watchCase(frame({ contacts: [contact("Ana Diaz", true, 400, 20)] }));
    expect(soon.watched.every(({ finding }) => finding === undefined)).toBe(true);
    const then = { asOfMs: soon.nextDeadlineMs!, lastActiveMs: soon.nextDeadlineMs! - dayMs };
    const orders = every(700, -600, 7).map((days) => order(days));
    const silent = only(frame({ orders, contacts: [contact("Ana Diaz", true, 400, 20)] }, then));
    expect(silent.crossedAtMs).toBe(then.asOfMs);
  });

  it("mail: a bounce since it happened; more at stake where the person decides", () => {
    const mail = (isDecisionMaker: boolean, days = 5) => [
      { contact: "Bo", isDecisionMaker, atMs: ago(days), type: "hard_bounce" as const },
    ];
    const contacts = [contact("Bo", false, 400, 6), contact("Cy", false, 400, 6)];
    expect(told(frame({ mail: mail(true), contacts }))).toMatchObject({
      ...{ detector: "contact_mail", cause: "contact_lost", since: "2026-10-22", moneyAtStake: 5_200 },
    });
    expect(only(frame({ mail: mail(false), contacts })).moneyAtStake).toBe(2_600);
    expect(found(frame({ mail: mail(true, 40), contacts }))).toEqual([]);
  });

  it("missed calls: two after a day, one after three; known in advance, over when somebody talked", () => {
    const call = (days: number, type: "missed" | "talked" = "missed") => ({ atMs: ago(days), contact: "Bo", type });
    const one = watchCase(frame({ calls: [call(1)] }));
    expect(one.nextDeadlineMs).toBe(ago(1) + 3 * dayMs);
    const two = watchCase(frame({ calls: [call(0.5), call(0.2)] }));
    expect(two.nextDeadlineMs).toBe(ago(0.5) + dayMs);
    const raised = only(frame({ calls: [call(2), call(1.5)] }));
    expect(raised).toMatchObject({ detector: "missed_calls", crossedAtMs: ago(1), moneyAtStake: 5_200 });
    expect(found(frame({ calls: [call(2), call(1.5), call(0.1, "talked")] }))).toEqual([]);
    expect(found(frame({ calls: [call(40)] }))).toEqual([]);
  });

  it("answers: a detractor who decides, the client as a whole, and a fall of the mean", () => {
    const answer = (days: number, score: number, name: string, isDecisionMaker = false) => ({
      ...{ atMs: ago(days), contact: name, isDecisionMaker, scale: "nps" as const, score },
    });
    expect(told(frame({ answers: [answer(10, 3, "Ana", true)] }))).toMatchObject({
      ...{ detector: "detractor", cause: "dissatisfied", since: "2026-10-17", says: "3 of 10 points by Ana" },
    });
    expect(only(frame({ answers: [answer(10, 3, "")] })).finding!.text).toMatch(/^They gave 3 of 10/);
    expect(found(frame({ answers: [answer(10, 3, "Bo")] }))).toEqual([]);
    const before = every(500, 120, 30).map((days, i) => answer(days, 8 + (i % 2), "Bo"));
    const now = [60, 30, 10].map((days) => answer(days, 4, "Bo"));
    expect(told(frame({ answers: [...before, ...now] }))).toMatchObject({ detector: "satisfaction_drop" });
    expect(found(frame({ answers: before }))).toEqual([]);
  });

  it("complaints: more than their own past explains", () => {
    expect(told(frame({ complaintsMs: [60, 30, 20, 5].map(ago) }))).toMatchObject({
      ...{ detector: "complaints", cause: "dissatisfied", says: "four complaints in 90 days" },
    });
    expect(found(frame({ complaintsMs: every(690, 5, 20).map(ago) }))).toEqual([]);
  });

  it("growth: new people in touch, new product groups", () => {
    const contacts = [
      ...[690, 650].map((days, i) => contact(`old ${i}`, false, days, 2)),
      ...[30, 20, 15, 10].map((days, i) => contact(`new ${i}`, false, days, 2)),
    ];
    expect(told(frame({ contacts }))).toMatchObject({ detector: "new_contacts", cause: "growing", moneyAtStake: 0 });
    const groups = [690, 30, 20, 15, 10].map((days, i) => ({
      ...{ name: `g${i}`, firstMs: ago(days), lastMs: ago(2), share: 0.1 },
    }));
    const grown = told(frame({ groups }));
    expect(grown).toMatchObject({ detector: "new_product_groups", cause: "growing", moneyAtStake: 2_080 });
    expect(found(frame({ contacts: contacts.slice(0, 3), groups: groups.slice(0, 2) }))).toEqual([]);
  });
});

describe("standing", () => {
  it("share: crosses 10 % either way, news for two months", () => {
    const orders = (since: number) => every(700, 1, 1).map((days) => order(days, days > since ? 90 : 150));
    expect(told(frame({ orders: orders(70) }))).toMatchObject({ detector: "share_crossing", cause: "dependence" });
    expect(only(frame({ orders: orders(70) })).finding!.direction).toBe("worse");
    expect(found(frame({ orders: orders(200) }))).toEqual([]);
    const fallen = every(700, 1, 1).map((days) => order(days, days > 120 ? 110 : 40));
    const list = found(frame({ orders: fallen }));
    expect(list.find(({ detector }) => detector === "share_crossing")?.finding?.direction).toBe("neutral");
  });

  it("share: says nothing while the company is known for less than a year", () => {
    const young = {
      ...panel,
      revenue: new RevenueOfAll(every(300, 0, 1).map((days) => ({ day: today - days, amount: 10 }))),
    };
    expect(found(frame({ orders: every(300, 1, 7).map((days) => order(days)) }, { panel: young }))).toEqual([]);
  });

  it("concentration: told of the largest client alone", () => {
    const { finding } = only(frame({ complaintsMs: [60, 30, 20, 5].map(ago) }));
    const concentration = { largestClientId: "acme", found: { finding: finding!, crossedAtMs: ago(3) } };
    const of = { panel: { ...panel, concentration } };
    expect(told(frame({}, of))).toMatchObject({ detector: "concentration_trend", since: "2026-10-24" });
    expect(found(frame({}, { ...of, clientId: "other" }))).toEqual([]);
  });

  it("return: ordering again after it was lost, for a month", () => {
    const orders = (back: number) => [...every(700, 400, 20), back, back - 1].map((days) => order(days));
    expect(told(frame({ orders: orders(10) }))).toMatchObject({
      ...{ detector: "return", cause: "back", since: "2026-10-17", moneyAtStake: 1_600, says: "back after 390 days" },
    });
    expect(found(frame({ orders: orders(45) }))).toEqual([]);
    expect(found(frame({ orders: [...every(700, 60, 20), 10].map((days) => order(days)) }))).toEqual([]);
    // People knew earlier.
    const said = { saidLostDays: [today - 40], orders: [...every(700, 60, 20), 10].map((days) => order(days)) };
    expect(told(frame(said))).toMatchObject({ detector: "return", says: "back after 50 days" });
  });
});

describe("whatever a history looks like", () => {
  const shapes: [string, CaseFrame][] = [
    ["nothing", frame({ orders: [] }, { firstOrderMs: undefined, firstActiveMs: undefined, lastActiveMs: undefined })],
    ["one event", frame({ orders: [order(3)] })],
    ["all on one day", frame({ orders: every(40, 1, 1).map((i) => order(3 + i / 100)) })],
    ["gaps of years", frame({ orders: [order(9_000), order(4_000), order(1)] })],
    ["still to come", frame({ orders: every(700, 3, 7).map((days) => order(-days)) })],
    ["more went back than was sold", frame({ orders: every(700, 3, 7).map((days) => order(days, -50)) })],
    [
      "amounts without a rate",
      frame({ orders: every(700, 3, 7).map((days) => ({ ...order(days), amount: undefined })) }),
    ],
    [
      "a day of the past with a bounce to come",
      frame({ mail: [{ contact: "Bo", isDecisionMaker: true, atMs: ago(-3), type: "hard_bounce" }] }),
    ],
  ];
  it.each(shapes)("%s: no finding, and nothing thrown", (_, of) => {
    expect(found(of).map(({ detector }) => detector)).toEqual([]);
  });

  it("a look repeated later that day says the same", () => {
    const orders = every(700, 3, 7).map((days) => order(days, days > 91 ? 100 : 50));
    const first = only(frame({ orders }));
    const again = only(frame({ orders }, { asOfMs: now + dayMs / 4 }));
    expect(again.crossedAtMs).toBe(first.crossedAtMs);
  });
});
