/** What a receiver answered, as far as it matters. */
export interface Answer {
  /** HTTP status; 0 where no answer came. */
  status: number;
  /** Header Retry-After as it came. */
  retryAfter?: string | undefined;
  /** What went wrong, in words that hold no address and no content. */
  fault?: string | undefined;
  durationMs: number;
}

export const deliveryOutcomes = ["delivered", "retry", "failed", "disabled"] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

export interface Verdict {
  outcome: DeliveryOutcome;
  /** Until the next try; 0 unless the outcome is `retry`. */
  delayMs: number;
  detail: string;
}

export interface RetryRules {
  /** Pause before each try, the first one's being 0: as many tries as entries. */
  scheduleMs: readonly number[];
  nowMs: number;
  /** From 0 to 1. */
  random: number;
}

/** No receiver may put us off for longer. */
const longestRetryAfterMs = 86_400_000;
/** Pauses are up to this part longer than planned, so that what failed together does not come back together. */
const jitter = 0.2;

/**
 * What an answer means (Standard Webhooks): 2xx is done, 410 asks to be left alone, everything else is tried again,
 * 429 and 503 not before their Retry-After.
 * @param attempt the one that was answered, from 1.
 */
export function judgeAnswer(answer: Answer, attempt: number, rules: RetryRules): Verdict {
  const { status } = answer;
  const detail = answer.fault ?? `HTTP ${status}`;
  if (status >= 200 && status < 300) return { outcome: "delivered", delayMs: 0, detail: "" };
  if (status === 410) return { outcome: "disabled", delayMs: 0, detail: "HTTP 410: the receiver wants no more" };
  if (attempt >= rules.scheduleMs.length) return { outcome: "failed", delayMs: 0, detail };
  const planned = (rules.scheduleMs[attempt] ?? 0) * (1 + jitter * rules.random);
  const asked = status === 429 || status === 503 ? readRetryAfter(answer.retryAfter, rules.nowMs) : 0;
  return { outcome: "retry", delayMs: Math.round(Math.max(planned, Math.min(asked, longestRetryAfterMs))), detail };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). @returns ms from now; 0 where it says nothing usable. */
function readRetryAfter(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs);
}
