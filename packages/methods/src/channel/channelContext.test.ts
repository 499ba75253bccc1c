import { describe, expect, it } from "vitest";
import { dropPresets } from "../dropScore.ts";
import { poissonCount, seededRandom } from "../random.ts";
import { createCalendar } from "./calendar.ts";
import { fitChannelContext, NO_SEGMENT, panelOf } from "./channelContext.ts";
import { channelDrop } from "./channelDrop.ts";
import type { ChannelHistory } from "./channelHistory.ts";

const calendar = createCalendar("UTC");
const firstWeek = 2800;
const weeks = 120;
const lastWeek = firstWeek + weeks - 1;
const asOfMs = calendar.weekStartMs(lastWeek + 1);

/** One event or more on Mondays; `season` is the share of the usual in each week. */
function client(seed: number, season: (week: number) => number): ChannelHistory {
  const random = seededRandom(seed);
  const events = Array.from({ length: weeks }, (_, week) => poissonCount(5 * season(week), random));
  events[0] = 5;
  const active = events.flatMap((count, week) => (count > 0 ? [{ count, day: (firstWeek + week) * 7 - 3 }] : []));
  const days = active.map(({ day }) => day);
  const times = { firstAtMs: calendar.dayStartMs(days[0]!), lastAtMs: calendar.dayStartMs(days.at(-1)!) };
  return { days, counts: active.map(({ count }) => count), ...times, sourceShares: new Map() };
}

const steady = () => 1;
/** Every year's last quarter is slack for a ski maker's dealers, and nobody else's. */
const offSeason = (week: number) => (week % 52 >= 39 ? 0.5 : 1);
const list = (clients: number, from: number, season: (week: number) => number) =>
  Array.from({ length: clients }, (_, i) => client(from + i, season));

const others = list(90, 1, steady);
const dealers = list(45, 1001, offSeason);
const fitted = (bySegment: ReadonlyMap<string, readonly ChannelHistory[]>) =>
  fitChannelContext(bySegment, lastWeek, asOfMs, calendar, dropPresets.fast, 0.25);
const together = fitted(new Map([[NO_SEGMENT, [...others, ...dealers]]]));
const apart = fitted(
  new Map([
    [NO_SEGMENT, others],
    ["ski", dealers],
  ]),
);

/** Drops that the line for .1 false alarms a client-year finds. */
function openings(context: typeof apart, clients: readonly ChannelHistory[], segment: string): number[] {
  return clients.flatMap((one) => {
    const line = { preset: context.preset, threshold: 1.73 };
    const drops = channelDrop(one, panelOf(context, segment), line, [], calendar, lastWeek, asOfMs);
    return drops!.episodes.map(({ openedWeek }) => openedWeek);
  });
}

describe("peers by segment", () => {
  it("take a season of their own out of its clients' scores, where all clients together can't", () => {
    const [alone, withAll] = [openings(apart, dealers, "ski"), openings(together, dealers, "ski")];
    expect(withAll.length).toBeGreaterThan(30);
    expect(alone.length).toBeLessThan(withAll.length / 2);
  });

  it("leave the others with the peers that they had, and a client of an unknown segment with all", () => {
    expect(panelOf(apart, NO_SEGMENT)).toEqual(together.panel);
    expect(panelOf(apart, "never seen")).toBe(apart.panel);
  });

  it("find dealers that leave in the season", () => {
    const leavers = list(20, 501, (week) => (week < 80 ? offSeason(week) : 0));
    const found = openings(apart, leavers, "ski").filter((week) => week >= 80 && week < 90);
    expect(found.length).toBeGreaterThanOrEqual(18);
  });

  it("count what a line would have given for each client among its own peers", () => {
    // At the line for .1 false alarms a client-year, 1.7.
    const at = (context: typeof apart) => context.curve!.falseAlarms[28]!;
    expect(at(apart)).toBeLessThan(0.8 * at(together));
    expect(apart.curve!.clientYears).toBeCloseTo(together.curve!.clientYears, 9);
  });

  it("are everybody's where a segment is of seven clients", () => {
    const few = fitted(
      new Map([
        [NO_SEGMENT, others],
        ["ski", dealers.slice(0, 7)],
      ]),
    );
    expect(panelOf(few, "ski")).toBe(few.panel);
  });

  it("are nothing where nobody has a whole week", () => {
    const nobody = fitChannelContext(new Map(), lastWeek, asOfMs, calendar, dropPresets.fast, 0.25);
    expect(nobody).toMatchObject({ panel: undefined, curve: undefined, segmentPanels: new Map() });
    expect(panelOf(nobody, "ski")).toBeUndefined();
  });
});
