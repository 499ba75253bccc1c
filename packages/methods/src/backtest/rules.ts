import { replayDropWeeks } from "../dropEpisodes.ts";
import { type DropPreset, dropPresets } from "../dropScore.ts";
import { type GapLaw, type GapSums, gapLaw, gapLawAtTail, gapLawTail, randomGaps } from "../regularGaps.ts";
import { ewmaRule } from "../rivals/ewma.ts";
import { fourWeeksRule } from "../rivals/fourWeeks.ts";
import { fixedDaysRule, type GapRule, meanGapRule } from "../rivals/gapRule.ts";
import { meanDropRule } from "../rivals/meanDrop.ts";
import { cusumRule } from "../rivals/negativeBinomialCusum.ts";
import { onlineChangepointRule } from "../rivals/onlineChangepoint.ts";
import { evenSteps, geometricSteps, type WeeklyRule } from "../rivals/weeklyRule.ts";
import { zScoreRule } from "../rivals/zScore.ts";
import { type SilencePrior, tailThresholdOf } from "../silence.ts";

const DAYS_A_YEAR = 365.25;

function dropRule(preset: DropPreset): WeeklyRule {
  return {
    key: `drop_${preset.name}`,
    title: `drop score, ${preset.name}`,
    thresholds: evenSteps(0.1, 4, 79),
    usesThreshold: false,
    score: (counts, factors, _threshold, spreadFactors) =>
      replayDropWeeks(counts, factors, {
        preset,
        ...(preset.usesSpreadFactor && spreadFactors && { spreadFactors }),
      }).scores.map((score) => score?.alarmScore),
  };
}

/** Thresholds are 1 / F: the budget of false alarms a client-year that the model believes in. */
function silenceRule(
  key: string,
  title: string,
  lawOf: (gaps: GapSums, prior: SilencePrior) => GapLaw,
): GapRule<SilencePrior> {
  return {
    key,
    title,
    thresholds: geometricSteps(0.1, 2_000, 90),
    score: (gaps, gapDays, prior) => {
      // Half of the usual gap or less is shorter than the median one, whatever k: most gaps, and the law costs some µs.
      const least = Math.min(prior.alpha / prior.r, gaps.spanDays / gaps.repeats);
      if (gapDays < least / 2) return 0;
      const law = lawOf(gaps, prior);
      const tail = gapLawTail(law, gapDays);
      // A gap shorter than the median one is never silence.
      return tail > 0.5 ? 0 : law.expectedGapDays / (tail * DAYS_A_YEAR);
    },
    criticalGapDays: (gaps, threshold, prior) => {
      const law = lawOf(gaps, prior);
      return gapLawAtTail(law, tailThresholdOf(law, 1 / threshold));
    },
  };
}

/** Whose alarms are what Keypulse sends, and what they are compared with. */
export const weeklyRules: readonly WeeklyRule[] = [
  dropRule(dropPresets.fast),
  dropRule(dropPresets.steady),
  cusumRule,
  ewmaRule,
  onlineChangepointRule,
  fourWeeksRule,
  meanDropRule,
  zScoreRule,
];

export const gapRules: readonly GapRule<SilencePrior>[] = [
  silenceRule("silence", "budgeted silence", (gaps, prior) => gapLaw(prior, randomGaps, gaps)),
  silenceRule("silence_regular", "budgeted silence, regular gaps", (gaps, prior) =>
    gapLaw(prior, prior.regularity ?? randomGaps, gaps),
  ),
  fixedDaysRule,
  meanGapRule,
];
