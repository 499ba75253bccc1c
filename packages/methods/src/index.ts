export { type Basis, bases, compareRules, type Recall, type RuleResult, replayRules } from "./backtest/compareRules.ts";
export { EventCollector } from "./backtest/eventCollector.ts";
export type { EventDays } from "./backtest/eventDays.ts";
export type { Opening, ReplayRule } from "./backtest/openings.ts";
export { type Group, groups, type ReplayClient, type ReplayPanel, replayPanel } from "./backtest/panel.ts";
export { type Figures, periodsOf } from "./backtest/periods.ts";
export { type PlantKind, plantKinds } from "./backtest/plants.ts";
export { type SentAlert, sentAlerts } from "./backtest/sentAlerts.ts";
export { type Calendar, createCalendar, mondayOf, weekOfDay } from "./channel/calendar.ts";
export {
  type ChannelContext,
  type DropLine,
  dropLine,
  fitChannelContext,
  fitSilencePrior,
  NO_SEGMENT,
  panelOf,
  silenceHistoryOf,
} from "./channel/channelContext.ts";
export { type ChannelDrop, channelDrop, channelFactors } from "./channel/channelDrop.ts";
export { type ChannelHistory, weeklyHistory } from "./channel/channelHistory.ts";
export { brokenWeeks, mainSources, SourceWatch } from "./channel/sourceWatch.ts";
export { dropBaselines, monitoredByWeek } from "./dropBaseline.ts";
export {
  calibrateDropThreshold,
  type DropCalibration,
  type FalseAlarmCurve,
  falseAlarmCurve,
  joinCurves,
} from "./dropCalibration.ts";
export {
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
export { type DropCloseReason, trackEpisodes } from "./episodeTracker.ts";
export { type ChannelWords, channelWords, dropFinding, outageFinding, silenceFinding } from "./findings/activity.ts";
export { adviceFor } from "./findings/advice.ts";
export {
  detectConcentrationTrend,
  detectShareCrossing,
  herfindahl,
  shareLevel,
} from "./findings/concentration.ts";
export {
  type CallEvent,
  detectContactSilence,
  detectMailTrouble,
  detectMissedCalls,
  type MailEvent,
  type WatchedContact,
} from "./findings/contact.ts";
export type { BudgetSettings, Cause, Finding } from "./findings/finding.ts";
export { detectGrowth, detectNewThings, growthScore } from "./findings/growth.ts";
export {
  defaultTrendSettings,
  detectDiscountTrend,
  detectMarginTrend,
  type ShareAt,
} from "./findings/marginTrend.ts";
export { defaultMixSettings, detectMix, type OrderWithGroups } from "./findings/mix.ts";
export { detectPayment, type Invoice, type PaymentSettings } from "./findings/payment.ts";
export { type PipelineLag, pipelineLagFinding } from "./findings/pipelineLag.ts";
export { type AskedAsOf, type RaisedFinding, raisedSince } from "./findings/raisedSince.ts";
export { detectReturn, type LostClient } from "./findings/returned.ts";
export {
  detectComplaints,
  detectDetractor,
  detectSatisfactionDrop,
  type SurveyAnswer,
} from "./findings/satisfaction.ts";
export { date, number, rarity } from "./findings/say.ts";
export { defaultSpendSettings, detectSpend, type SpendSettings } from "./findings/spend.ts";
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
export { type NumberList, NumberPieces } from "./numberList.ts";
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
export { binomialCount, poissonCount, seededRandom } from "./random.ts";
export {
  fitRegularity,
  type GapLaw,
  type GapSums,
  gapLaw,
  gapLawAtTail,
  gapLawTail,
  type RegularityShare,
} from "./regularGaps.ts";
export { type Chart, knownLevelCharts, runLength } from "./rivals/runLength.ts";
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
  type SilencePrior,
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
export type { SourceCalendar } from "./sourceClock.ts";
export { createSpreadState, type SpreadState, stepSpreadFactor } from "./spreadFactor.ts";
