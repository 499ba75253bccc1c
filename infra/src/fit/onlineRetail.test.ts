import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { compareHoldOut, fitMbgCnbd, forecastHoldOut, mbgCnbd, summarisePurchases } from "@keypulse/methods";
import { beforeAll, describe, expect, it } from "vitest";
import { dayOf } from "./day.ts";

const file = new URL("../../demo/online-retail.csv.gz", import.meta.url);
/** Of the lines of invoices that are no cancellation: date and customer. A third of the time of reading it as CSV. */
const line = /^"\d+",.*,"(\d{4}-\d\d-\d\d)T[\d:]+",[\d.]+,(\d+),[^,\n]*$/gm;

/**
 * The setup behind the published comparison: invoices of known customers, cancellations (numbers that begin with C) left
 * out, other write-offs kept; weeks; fitted to 2010-12-01 until 2011-07-29. Bought again: within the 90 days after,
 * among customers with a repeat purchase, who are those that a rhythm can be known of.
 */
describe("Online Retail: regular buyers are told better by MBG/CNBD-2 than by models of buying at random", () => {
  const endDay = dayOf("2011-07-29")!;
  let clients: { history: NonNullable<ReturnType<typeof summarisePurchases>>; actual: number }[];

  beforeAll(() => {
    const days = new Map<string, number[]>();
    for (const [, date, customer] of gunzipSync(readFileSync(file)).toString("utf8").matchAll(line)) {
      const mine = days.get(customer!);
      if (mine === undefined) days.set(customer!, [dayOf(date!)!]);
      else mine.push(dayOf(date!)!);
    }
    clients = [...days.values()].flatMap((mine) => {
      const history = summarisePurchases(mine, { endDay, unitDays: 7, holdOutEndDay: endDay + 90 });
      return history === undefined ? [] : [{ history, actual: history.heldOut }];
    });
  });

  it("k = 2 is chosen: log-likelihood −18,387 to −17,917, AUC .588 to .691, recency .655", () => {
    expect(clients).toHaveLength(3144);
    const histories = clients.map(({ history }) => history);
    const chosen = fitMbgCnbd(histories);
    expect(chosen.k).toBe(2);
    expect(chosen.tried.map(({ logLikelihood }) => Math.round(logLikelihood)).slice(0, 2)).toEqual([-18387, -17917]);

    const comparisonOf = (k: number) => {
      const { parameters } = fitMbgCnbd(histories, { k });
      return compareHoldOut(forecastHoldOut(mbgCnbd(k, parameters), clients, 90 / 7)).aucOfRepeatBuyers;
    };
    const [random, regular] = [comparisonOf(1), comparisonOf(2)];
    expect(random.probabilityAlive).toBeCloseTo(0.588, 3);
    expect(regular.probabilityAlive).toBeCloseTo(0.691, 3);
    expect(regular.recency).toBeCloseTo(0.655, 3);
  });
});
