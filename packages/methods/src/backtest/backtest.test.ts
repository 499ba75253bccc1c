import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createCalendar } from "../channel/calendar.ts";
import { channelDrop } from "../channel/channelDrop.ts";
import { SourceWatch } from "../channel/sourceWatch.ts";
import { panelWeeks } from "../dropPanel.ts";
import { dropPresets } from "../dropScore.ts";
import { binomialCount, poissonCount, seededRandom } from "../random.ts";
import { defaultSilenceSettings, silenceDeadline } from "../silence.ts";
import { compareRules, type RuleResult } from "./compareRules.ts";
import { EventCollector } from "./eventCollector.ts";
import { type EventDays, thinned } from "./eventDays.ts";
import { type ReplayPanel, replayPanel } from "./panel.ts";
import { type Period, periodsOf, thresholdWithin } from "./periods.ts";
import { delayOf, plantDrops } from "./plants.ts";
import { sentAlerts } from "./sentAlerts.ts";

const dayMs = 86_400_000;
const calendar = createCalendar("Europe/Berlin");
const start = calendar.weekStartMs(2800);

/** Clients whose events come at random in working hours, at a rate of their own; some stop for good. */
function office(clients: number, weeks: number, seed: number, isBroken: (ms: number) => boolean = () => false) {
  const random = seededRandom(seed);
  const events = new EventCollector(calendar);
  for (let client = 0; client < clients; client++) {
    const perDay = 0.05 + 0.6 * random() ** 2;
    const stops = random() < 0.15 ? start + (30 + random() * (weeks - 30)) * 7 * dayMs : Number.POSITIVE_INFINITY;
    for (let day = 0; day < weeks * 7; day++) {
      if (day % 7 > 4) continue;
      for (let n = poissonCount(perDay, random); n > 0; n--) {
        const atMs = start + day * dayMs + (8 + 10 * random()) * 3_600_000;
        if (atMs < stops && !isBroken(atMs)) events.add(`client-${client}`, atMs, "mailbox");
      }
    }
  }
  return events;
}

function panelOf(events: EventCollector, weeks: number): ReplayPanel {
  const untilMs = calendar.weekStartMs(2800 + weeks);
  return replayPanel({
    clients: events.clients(),
    calendar,
    untilMs,
    sources: new SourceWatch(events.sourceHours(), untilMs, calendar),
    minSourceClients: 5,
  });
}

function finished<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

describe("a replay of history", () => {
  const weeks = 104;
  const everything: Period = { fromWeek: 2800, toWeek: 2800 + weeks };
  let panel: ReplayPanel;
  beforeAll(() => {
    panel = panelOf(office(100, weeks, 1), weeks);
  });

  it("sends the drops that the service sends when it looks week by week, on the day it sends them", () => {
    const settings = { dropThreshold: 1, silence: defaultSilenceSettings };
    const sent = sentAlerts(panel, everything, settings).filter(({ signal }) => signal === "activity_drop");
    expect(sent.length).toBeGreaterThan(10);
    for (const client of panel.clients.slice(0, 25)) {
      const live = new Set<number>();
      for (let week = 2816; week <= panel.lastWeek; week++) {
        const asOfMs = calendar.weekStartMs(week + 1);
        const channel = upTo(client.events, asOfMs);
        if (channel === undefined) continue;
        const context = {
          preset: dropPresets.fast,
          panel: panelUpTo(panel, week),
          threshold: settings.dropThreshold,
          prior: panel.priorAt(asOfMs),
        };
        const episode = channelDrop(channel, context.panel, context, [], calendar, week, asOfMs)?.openEpisode;
        if (episode) live.add(calendar.weekStartMs(client.firstWeek + episode.openedWeek + 1));
      }
      expect(sent.filter((alert) => alert.client === client.events.client).map(({ atMs }) => atMs)).toEqual([...live]);
    }
  });

  it("sends silence at the deadline that the service set at the last event", () => {
    const settings = { dropThreshold: 1, silence: { falseAlarmsPerClientYear: 0.5, minRepeats: 3 } };
    const sent = sentAlerts(panel, everything, settings).filter(({ signal }) => signal === "silence");
    expect(sent.length).toBeGreaterThan(5);
    for (const alert of sent) {
      const { events } = panel.clients.find((client) => client.events.client === alert.client)!;
      const last = events.lastMs.findLastIndex((ms) => ms < alert.atMs);
      const history = { activeDays: last + 1, firstActiveMs: events.firstMs[0]!, lastActiveMs: events.lastMs[last]! };
      expect(silenceDeadline(history, panel.priorAt(events.lastMs[last]!), settings.silence)).toBe(alert.atMs);
    }
  });

  /** The histories of each week are what is known at its end. */
  function upTo({ days, counts, firstMs, lastMs, sourceShares }: EventDays, asOfMs: number) {
    const known = lastMs.filter((ms) => ms < asOfMs).length;
    if (known === 0) return undefined;
    const [from, to] = [firstMs[0]!, lastMs[known - 1]!];
    return { days: days.slice(0, known), counts: counts.slice(0, known), firstAtMs: from, lastAtMs: to, sourceShares };
  }

  const panels = new Map<number, ReturnType<typeof panelWeeks>>();
  function panelUpTo(full: ReplayPanel, week: number) {
    const known = full.clients.flatMap(({ firstWeek, counts }) =>
      firstWeek <= week ? [{ firstWeek, counts: counts.slice(0, week - firstWeek + 1) }] : [],
    );
    const found = panels.get(week) ?? panelWeeks(known, week, dropPresets.fast);
    panels.set(week, found);
    return found;
  }
});

describe("rules at one budget", () => {
  let results: RuleResult[];
  beforeAll(() => {
    const panel = panelOf(office(200, 120, 2), 120);
    results = finished(compareRules(panel, periodsOf(panel)!, { budgets: [0.25], seed: 1, plants: 40 }));
  });
  const of = (rule: string, basis: string) =>
    results.find((result) => result.rule === rule && result.group === "frequent" && result.basis === basis)!;

  it("keep it where it was set, and about keep it afterwards", () => {
    for (const rule of ["drop_fast", "drop_steady", "cusum", "ewma", "silence", "fixed_days"]) {
      expect(of(rule, "calibrated").calibration!.falseAlarmsPerClientYear).toBeLessThanOrEqual(0.25);
      expect(of(rule, "hindsight").report!.falseAlarmsPerClientYear).toBeLessThanOrEqual(0.25);
      // About 90 client-years: a standard error of 0.05.
      expect(of(rule, "calibrated").report!.falseAlarmsPerClientYear).toBeLessThan(0.5);
    }
  });

  it("find planted silence more often than a slow decline, and a deep fall more often than a half", () => {
    const share = (kind: "silence" | "drop75" | "drop50" | "slow") => {
      const { found, plants } = of("drop_fast", "calibrated").recall![kind];
      return found / plants;
    };
    expect(share("silence")).toBeGreaterThan(0.8);
    expect(share("silence")).toBeGreaterThan(share("drop50"));
    expect(share("drop75")).toBeGreaterThan(share("drop50"));
  });

  it("say so where a rule can't be set so rare", () => {
    expect(
      thresholdWithin([1, 2], [{ falseAlarmsPerClientYear: 3 }, { falseAlarmsPerClientYear: 1 }] as never, 0.5),
    ).toBe(undefined);
    expect(
      thresholdWithin([1, 2, 3], [0.2, 0.6, 0.3].map((rate) => ({ falseAlarmsPerClientYear: rate })) as never, 0.5),
    ).toBe(3);
  });
});

describe("a source that breaks", () => {
  const weeks = 60;
  const broken = { startMs: start + 40 * 7 * dayMs, endMs: start + 46 * 7 * dayMs };
  it("raises nothing about its clients meanwhile, nor because of it later", () => {
    const isBroken = (ms: number) => ms >= broken.startMs && ms < broken.endMs;
    const whole = panelOf(office(60, weeks, 3), weeks);
    const holed = panelOf(office(60, weeks, 3, isBroken), weeks);
    const settings = { dropThreshold: 1.35, silence: { falseAlarmsPerClientYear: 0.5, minRepeats: 3 } };
    const everything: Period = { fromWeek: 2800, toWeek: 2860 };
    const during = (panel: ReplayPanel) =>
      sentAlerts(panel, everything, settings).filter(
        ({ atMs }) => atMs >= broken.startMs && atMs < broken.endMs + 14 * dayMs,
      );
    expect(during(holed).filter(({ atMs }) => atMs < broken.endMs)).toEqual([]);
    expect(during(holed).length).toBeLessThanOrEqual(during(whole).length + 1);
  });
});

describe("planting", () => {
  it("thins binomially, and leaves the time before alone", () => {
    fc.assert(
      fc.property(fc.nat(400), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (count, share, seed) => {
        const random = seededRandom(seed);
        const client = { client: "a", days: [1, 8], counts: [7, count], firstMs: [1, 2], lastMs: [1, 3] };
        const left = thinned({ ...client, sourceShares: new Map() }, (day) => (day < 5 ? 1 : share), random);
        expect(left.counts[0]).toBe(7);
        expect(left.counts[1] ?? 0).toBeLessThanOrEqual(count);
        expect(left.days.length).toBe(left.lastMs.length);
      }),
    );
    const random = seededRandom(9);
    for (const [count, share] of [
      [200, 0.25],
      [1_000_000, 0.5],
    ] as const) {
      const kept = binomialCount(count, share, random);
      expect(Math.abs(kept - count * share)).toBeLessThan(5 * Math.sqrt(count * share * (1 - share)));
    }
  });

  it("takes at most six weeks of a client, and finds what is announced", () => {
    const panel = panelOf(office(20, 104, 4), 104);
    const period = periodsOf(panel)!.report;
    const plants = plantDrops(panel, "frequent", period, "silence", 1_000, seededRandom(1));
    const perClient = new Map<string, number>();
    for (const { client } of plants) {
      perClient.set(client.events.client, (perClient.get(client.events.client) ?? 0) + 1);
    }
    expect(Math.max(...perClient.values())).toBe(6);
    const [plant] = plants;
    const from = panel.clock.startMs(plant!.week);
    const at = (weeks: number) => ({ atMs: from + weeks * 7 * dayMs, week: 0, closedMs: undefined });
    expect(delayOf(plant!, [at(3)], panel)).toBeCloseTo(3, 1);
    expect(delayOf(plant!, [at(14)], panel)).toBe("missed");
    expect(delayOf(plant!, [at(-2), at(3)], panel)).toBe("open");
  });
});

describe("odd histories", () => {
  const alone = (times: readonly number[], weeks = 60) => {
    const events = new EventCollector(calendar);
    for (const atMs of times) events.add("odd", atMs, "mailbox");
    return panelOf(events, weeks);
  };
  const nothing = (panel: ReplayPanel) =>
    sentAlerts(panel, { fromWeek: 2800, toWeek: 2860 }, { dropThreshold: 1, silence: defaultSilenceSettings });

  it.each([
    ["one event", [start]],
    ["a hundred thousand on one day", Array.from({ length: 100_000 }, (_, i) => start + i * 800)],
    ["one event, and years later another", [start, start + 2000 * dayMs]],
    ["all after the end", [start + 4000 * dayMs]],
  ])("%s raises nothing", (_, times) => {
    expect(nothing(alone(times))).toEqual([]);
  });

  it("a client with a million events is one like any other: its silence is told in days", () => {
    const times = Array.from({ length: 1_000_000 }, (_, i) => start + i * 30_000);
    const [silence] = nothing(alone(times)).filter(({ signal }) => signal === "silence");
    expect(silence!.atMs - times.at(-1)!).toBeLessThan(10 * dayMs);
    expect(silence!.figures.repeats).toBeGreaterThan(340);
  });

  it("no history is no period", () => {
    expect(periodsOf(alone([start]))).toBeUndefined();
  });
});
