import { betaCdf } from "../specialFunctions.ts";
import { intervalOfPurchases } from "./futurePurchases.ts";
import {
  type ExpectedAmount,
  expectedAmount,
  type GammaGammaParameters,
  type Spend,
  scalePosterior,
} from "./gammaGamma.ts";
import type { LeavingModel } from "./leavingModel.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";
import { gaussLegendre } from "./quadrature.ts";

export interface ValueQuestion {
  /** In the model's unit of time, of which `unitDays` says how long it is. */
  readonly horizon: number;
  readonly unitDays: number;
  /** Share of an amount that is earned, such as 0.3. */
  readonly margin: number;
  /** 0.1: what comes in a year is worth 1 / 1.1 today. */
  readonly discountRateAYear: number;
  /** Probability that the intervals hold what will be; default 0.8. */
  readonly level?: number;
}

export interface ValueAtStake {
  /** Expected purchases x expected amount x margin, discounted; undefined where the amount has no mean. */
  readonly expected: number | undefined;
  /** Holds what this client will bring, with the probability asked for: chance is in it, not only ignorance. */
  readonly low: number;
  readonly high: number;
  readonly purchases: {
    readonly expected: number;
    readonly low: number;
    readonly high: number;
    /** P(one or more). */
    readonly any: number;
  };
  readonly amount: ExpectedAmount;
  /** What a unit of money that this client is expected to pay within the horizon is worth today. */
  readonly discount: number;
}

const DAYS_A_YEAR = 365.25;
const horizonRule = gaussLegendre(8);
/** Numbers of purchases that are rarer move no quantile. */
const RARE = 1e-7;
const BISECTIONS = 50;

/**
 * What a client is expected to bring within a horizon, and between which bounds. The interval is that of the posterior
 * predictive distribution: how many purchases (and whether the client is still there), and what each is worth. Given m
 * purchases their sum S has S / (S + rate) ~ beta (p m, shape), because gamma amounts add up to a gamma and their scale's
 * posterior is gamma. Discounting takes all at the client's mean discount.
 *
 * @throws RangeError when a number of the question can't be, or as the model and `expectedAmount`
 */
export function valueAtStake(
  model: LeavingModel,
  client: PurchaseSummary,
  amounts: GammaGammaParameters,
  spend: Spend,
  question: ValueQuestion,
): ValueAtStake {
  const { horizon, margin, level = 0.8 } = question;
  checkQuestion(question);
  const future = model.futurePurchases(client, horizon);
  const amount = expectedAmount(amounts, spend, level);
  const discount = meanDiscount(model, client, question, future.expected);
  const worth = margin * discount;
  const spent = spendQuantiles(future.atLeast, amounts, spend);
  return {
    expected: amount.expected === undefined ? undefined : future.expected * amount.expected * worth,
    low: spent((1 - level) / 2) * worth,
    high: spent((1 + level) / 2) * worth,
    purchases: { expected: future.expected, ...intervalOfPurchases(future, level), any: future.atLeast[1] ?? 0 },
    amount,
    discount,
  };
}

function checkQuestion({ unitDays, margin, discountRateAYear }: ValueQuestion): void {
  if (!(unitDays > 0 && Number.isFinite(unitDays))) throw new RangeError(`unitDays must be > 0, got ${unitDays}`);
  if (!(margin >= 0 && Number.isFinite(margin))) throw new RangeError(`margin must be >= 0, got ${margin}`);
  if (!(discountRateAYear >= 0 && Number.isFinite(discountRateAYear))) {
    throw new RangeError(`discountRateAYear must be >= 0, got ${discountRateAYear}`);
  }
}

/** Discounted over undiscounted expected purchases; the integral of e^(-d t) dE(t), by parts. */
function meanDiscount(
  model: LeavingModel,
  client: PurchaseSummary,
  { horizon, unitDays, discountRateAYear }: ValueQuestion,
  expected: number,
): number {
  if (discountRateAYear === 0 || !(expected > 0)) return 1;
  const rate = (Math.log1p(discountRateAYear) * unitDays) / DAYS_A_YEAR;
  let sum = 0;
  for (const [i, node] of horizonRule.nodes.entries()) {
    const time = horizon * node;
    sum += horizonRule.weights[i]! * Math.exp(-rate * time) * model.expectedPurchases(client, time);
  }
  return Math.exp(-rate * horizon) + (rate * horizon * sum) / expected;
}

/** Quantiles of what all purchases add up to. */
function spendQuantiles(
  atLeast: readonly number[],
  amounts: GammaGammaParameters,
  spend: Spend,
): (probability: number) => number {
  const { shape, rate } = scalePosterior(amounts, spend);
  const exactly = atLeast.map((probability, m) => probability - (atLeast[m + 1] ?? 0));
  const likely = exactly.flatMap((probability, m) => (m > 0 && probability > RARE ? [{ m, probability }] : []));
  const below = (share: number) =>
    likely.reduce((sum, { m, probability }) => sum + probability * betaCdf(amounts.p * m, shape, share), exactly[0]!);
  return (probability) => {
    if (likely.length === 0 || exactly[0]! >= probability) return 0;
    let [low, high] = [0, 1];
    for (let i = 0; i < BISECTIONS; i++) {
      const middle = (low + high) / 2;
      if (below(middle) < probability) low = middle;
      else high = middle;
    }
    return (rate * low) / (1 - low);
  };
}
