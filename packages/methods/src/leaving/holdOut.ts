import type { LeavingModel } from "./leavingModel.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";
import { panelGap, recencyRatio } from "./recencyRule.ts";

export interface HeldOutClient {
  /** Until the cutoff. */
  readonly history: PurchaseSummary;
  /** Purchases within `horizon` after the cutoff. */
  readonly actual: number;
}

export interface HeldOutForecast extends HeldOutClient {
  readonly probabilityAlive: number;
  readonly expected: number;
}

/** How well a score tells clients who bought again from those who did not; .5 is guessing, undefined without both. */
export interface Discrimination {
  readonly probabilityAlive: number | undefined;
  readonly expectedPurchases: number | undefined;
  readonly recency: number | undefined;
  /** Recency against the client's own mean gap. */
  readonly recencyRatio: number | undefined;
}

export interface FrequencyClass {
  /** Repeats before the cutoff; the last class has these or more. */
  readonly repeats: number;
  readonly clients: number;
  readonly boughtAgain: number;
  readonly meanAlive: number;
  readonly actual: number;
  readonly expected: number;
}

export interface HoldOutComparison {
  readonly clients: number;
  readonly actual: number;
  readonly expected: number;
  /** Pearson's, of actual and expected by client; undefined where either is the same for all. */
  readonly correlation: number | undefined;
  readonly meanAbsoluteError: number;
  /** Areas under the ROC curve for "bought again". */
  readonly auc: Discrimination;
  /** The same among clients who had repeats. */
  readonly aucOfRepeatBuyers: Discrimination;
  readonly byFrequency: readonly FrequencyClass[];
}

const LAST_CLASS = 7;

/** What a model expects of each client in the hold-out, in the order given. */
export function forecastHoldOut(
  model: LeavingModel,
  clients: readonly HeldOutClient[],
  horizon: number,
): HeldOutForecast[] {
  return clients.map(({ history, actual }) => ({
    history,
    actual,
    probabilityAlive: model.probabilityAlive(history),
    expected: model.expectedPurchases(history, horizon),
  }));
}

/** Compares what was expected with what came, in total, by client and by frequency. O(clients log clients). */
export function compareHoldOut(forecasts: readonly HeldOutForecast[]): HoldOutComparison {
  const actual = forecasts.map((forecast) => forecast.actual);
  const expected = forecasts.map((forecast) => forecast.expected);
  const errors = forecasts.map((forecast) => Math.abs(forecast.actual - forecast.expected));
  return {
    clients: forecasts.length,
    actual: sum(actual),
    expected: sum(expected),
    correlation: correlation(actual, expected),
    meanAbsoluteError: sum(errors) / forecasts.length,
    auc: discrimination(forecasts, forecasts),
    aucOfRepeatBuyers: discrimination(
      forecasts.filter(({ history }) => history.repeats > 0),
      forecasts,
    ),
    byFrequency: byFrequency(forecasts),
  };
}

function discrimination(forecasts: readonly HeldOutForecast[], all: readonly HeldOutForecast[]): Discrimination {
  const outcomes = forecasts.map(({ actual }) => actual > 0);
  const gap = panelGap(all.map(({ history }) => history));
  const areaOf = (score: (forecast: HeldOutForecast) => number) => areaUnderCurve(forecasts.map(score), outcomes);
  return {
    probabilityAlive: areaOf(({ probabilityAlive }) => probabilityAlive),
    expectedPurchases: areaOf(({ expected }) => expected),
    // Rounded, or weeks as sevenths would break the ties of clients who were last seen on one day.
    recency: areaOf(({ history }) => Math.round((history.recency - history.exposure) * 1e6)),
    recencyRatio: areaOf(({ history }) => -recencyRatio(history, gap)),
  };
}

/**
 * P(a client who bought again has the higher score than one who did not), ties counting half (Mann & Whitney 1947);
 * undefined unless there are both. O(n log n).
 */
export function areaUnderCurve(scores: readonly number[], outcomes: readonly boolean[]): number | undefined {
  const order = scores.map((_, index) => index).sort((a, b) => scores[a]! - scores[b]!);
  let [ranks, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++;
    const rank = (from + 1 + to) / 2;
    for (; from < to; from++) {
      if (!outcomes[order[from]!]) continue;
      ranks += rank;
      positives++;
    }
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function byFrequency(forecasts: readonly HeldOutForecast[]): FrequencyClass[] {
  const classes = Map.groupBy(forecasts, ({ history }) => Math.min(history.repeats, LAST_CLASS));
  return [...classes]
    .sort(([a], [b]) => a - b)
    .map(([repeats, mine]) => ({
      repeats,
      clients: mine.length,
      boughtAgain: mine.filter(({ actual }) => actual > 0).length,
      meanAlive: sum(mine.map(({ probabilityAlive }) => probabilityAlive)) / mine.length,
      actual: sum(mine.map(({ actual }) => actual)),
      expected: sum(mine.map(({ expected }) => expected)),
    }));
}

function correlation(a: readonly number[], b: readonly number[]): number | undefined {
  const [meanA, meanB] = [sum(a) / a.length, sum(b) / b.length];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [offA, offB] = [a[i]! - meanA, b[i]! - meanB];
    ab += offA * offB;
    aa += offA * offA;
    bb += offB * offB;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : undefined;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
