import { replayDropWeeks } from "../dropEpisodes.ts";
import { type DropPreset, dropPresets } from "../dropScore.ts";
import { ewmaRule } from "../rivals/ewma.ts";
import { fourWeeksRule } from "../rivals/fourWeeks.ts";
import { fixedDaysRule, type GapRule, meanGapRule } from "../rivals/gapRule.ts";
import { meanDropRule } from "../rivals/meanDrop.ts";
import { cusumRule } from "../rivals/negativeBinomialCusum.ts";
import { evenSteps, geometricSteps, type WeeklyRule } from "../rivals/weeklyRule.ts";
import { zScoreRule } from "../rivals/zScore.ts";
import { gapAtTail, ratePosterior, silenceTailThreshold } from "../silence.ts";
import type { GammaPrior } from "../silencePrior.ts";

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
const silenceRule: GapRule<GammaPrior> = {
  key: "silence",
  title: "budgeted silence",
  thresholds: geometricSteps(0.1, 2_000, 90),
  criticalGapDays: ({ repeats, spanDays }, threshold, prior) => {
    const posterior = ratePosterior(prior, repeats, spanDays);
    return gapAtTail(posterior, silenceTailThreshold(posterior, 1 / threshold));
  },
};

/** Whose alarms are what Keypulse sends, and what they are compared with. */
export const weeklyRules: readonly WeeklyRule[] = [
  dropRule(dropPresets.fast),
  dropRule(dropPresets.steady),
  cusumRule,
  ewmaRule,
  fourWeeksRule,
  meanDropRule,
  zScoreRule,
];

export const gapRules: readonly GapRule<GammaPrior>[] = [silenceRule, fixedDaysRule, meanGapRule];
