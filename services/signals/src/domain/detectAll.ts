import type { Calendar, SourceWatch } from "@keypulse/methods";
import type { FalseAlarms } from "./budgets.ts";
import type { CaseFile } from "./caseFile.ts";
import { frameOf } from "./caseFrame.ts";
import type { CasePanel } from "./casePanel.ts";
import type { ClientHistory } from "./clientHistory.ts";
import { withConcerns } from "./concerns.ts";
import type { PanelContext } from "./context.ts";
import { type Detection, type DetectSettings, detect } from "./detect.ts";
import { sourcesOf } from "./sourceState.ts";
import { watchCase } from "./watchCase.ts";

/** What all clients have in common, fitted when everybody is evaluated. */
export interface CommonToAll {
  readonly panel: PanelContext;
  readonly cases: CasePanel;
}

export interface AllSettings extends DetectSettings {
  readonly currency: string;
  readonly budget: FalseAlarms;
  readonly calendar: Calendar;
  readonly asOfMs: number;
}

/** Every detector over one client: a pure function. */
export function detectAll(
  history: ClientHistory,
  file: CaseFile,
  { panel, cases }: CommonToAll,
  sources: SourceWatch,
  settings: AllSettings,
): Detection {
  const { orders, all } = history.channels;
  const { budget, calendar, asOfMs } = settings;
  const ofActivity = detect(history, file.absences, panel, sources, budget, settings, calendar, asOfMs);
  const ofCase = watchCase(
    frameOf(history, file, {
      ...{ panel: cases, budget, settings, calendar, asOfMs },
      orderSources: sourcesOf(orders, file.absences, panel, sources, settings),
      allSources: sourcesOf(all, file.absences, panel, sources, settings),
    }),
  );
  const deadlinesMs = [ofActivity.nextDeadlineMs, ofCase.nextDeadlineMs].filter((ms) => ms !== undefined);
  return {
    watched: [...ofActivity.watched, ...ofCase.watched].map((one) => withConcerns(one, file, asOfMs)),
    nextDeadlineMs: deadlinesMs.length === 0 ? undefined : Math.min(...deadlinesMs),
  };
}
