export { dropBaselines, monitoredByWeek } from "./dropBaseline.ts";
export { calibrateDropThreshold, type DropCalibration } from "./dropCalibration.ts";
export {
  type DropCloseReason,
  type DropEpisode,
  type DropEvidence,
  type DropHistory,
  type DropSettings,
  type DropWeeks,
  dropEpisodes,
  dropSettings,
  replayDropWeeks,
  trackDropEpisodes,
} from "./dropEpisodes.ts";
export {
  dropLikelihood,
  fitLikelihoodShift,
  RESOLVED_ALARMS_FOR_PROBABILITY,
  type ResolvedDropAlarm,
} from "./dropLikelihood.ts";
export { dropHistoryInPanel, type PanelWeeks, panelWeeks } from "./dropPanel.ts";
export {
  createDropState,
  type DropPreset,
  type DropScore,
  type DropState,
  dropPresets,
  SKIPPED_WEEK_FACTOR,
  stepDropScore,
} from "./dropScore.ts";
export { dropThreshold } from "./dropThreshold.ts";
export { advanceClock, mergeIntervals, type OpenInterval, uncoveredMs } from "./intervals.ts";
export { type AlarmVerdict, type DropJudgement, JUDGEMENT_WEEKS, judgeAlarm, judgeDropHistories } from "./judge.ts";
export type { BetaGeometricParameters } from "./leaving/betaGeometric.ts";
export { type BgNbdParameters, bgNbd, fitBgNbd } from "./leaving/bgNbd.ts";
export type { FitOptions, LogNormalPrior, ModelFit } from "./leaving/fitting.ts";
export { type FuturePurchases, intervalOfPurchases, quantileOfPurchases } from "./leaving/futurePurchases.ts";
export {
  type ExpectedAmount,
  expectedAmount,
  fitGammaGamma,
  type GammaGammaParameters,
  type Spend,
} from "./leaving/gammaGamma.ts";
export {
  areaUnderCurve,
  compareHoldOut,
  type Discrimination,
  type FrequencyClass,
  forecastHoldOut,
  type HeldOutClient,
  type HeldOutForecast,
  type HoldOutComparison,
} from "./leaving/holdOut.ts";
export type { LeavingModel } from "./leaving/leavingModel.ts";
export {
  fitMbgCnbd,
  type MbgCnbdFit,
  type MbgCnbdOptions,
  type MbgCnbdParameters,
  mbgCnbd,
} from "./leaving/mbgCnbd.ts";
export { fitNbd, type NbdParameters, nbd } from "./leaving/nbd.ts";
export { fitParetoNbd, type ParetoNbdParameters, paretoNbd } from "./leaving/paretoNbd.ts";
export {
  type ClientPurchases,
  type Observation,
  type PurchaseSummary,
  summarisePurchases,
} from "./leaving/purchaseSummary.ts";
export { panelGap, recencyRatio } from "./leaving/recencyRule.ts";
export {
  defaultSegmentSettings,
  fitSegments,
  type SegmentFit,
  type SegmentSettings,
} from "./leaving/segments.ts";
export { type ValueAtStake, type ValueQuestion, valueAtStake } from "./leaving/valueAtStake.ts";
export {
  moneyAtStakeOfDrop,
  moneyAtStakeOfSilence,
  type OrderAmount,
  revenueOfYearBefore,
} from "./moneyAtStake.ts";
export {
  defaultOutageSettings,
  findOutages,
  type OpenGap,
  type Outage,
  type OutageSettings,
  type SourceContinuity,
} from "./outages.ts";
export {
  alignWeeks,
  type PeerFactors,
  type PeerWeek,
  peerFactors,
  peerRatio,
  type WeeklyHistory,
} from "./peerFactor.ts";
export {
  defaultSilenceSettings,
  detectSilence,
  gapAtTail,
  gapTail,
  type MonitoredSilence,
  type RatePosterior,
  ratePosterior,
  type SilenceFinding,
  type SilenceHistory,
  type SilenceSettings,
  silenceDeadline,
  silenceTailThreshold,
  type UnmonitoredSilence,
} from "./silence.ts";
export {
  defaultGammaPrior,
  fitGammaPoissonPrior,
  type GammaPrior,
  type GammaPriorFit,
  type RepeatHistory,
} from "./silencePrior.ts";
export { createSpreadState, type SpreadState, stepSpreadFactor } from "./spreadFactor.ts";
