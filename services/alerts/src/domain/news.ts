import type { Alert } from "@keypulse/contracts";

/** A version of an alert to be told. */
export interface News {
  alert: Alert;
  /** Most money that its episode ever had at stake: who heard of its beginning hears of its end. */
  peakMoney: number;
  /** True where it may have been told before. */
  again: boolean;
}

export type AlertChange = "opened" | "updated" | "resolved";

export function changeOf({ version, state }: Alert): AlertChange {
  if (state === "resolved") return "resolved";
  return version === 1 ? "opened" : "updated";
}

/** Worst first by money at stake, while the versions of one alert keep their order. */
export function worstFirst(news: readonly News[]): News[] {
  const worst = new Map<string, number>();
  for (const { alert } of news) worst.set(alert.id, Math.max(worst.get(alert.id) ?? 0, alert.money_at_stake));
  return [...news].sort((one, other) => {
    const byMoney = worst.get(other.alert.id)! - worst.get(one.alert.id)!;
    if (byMoney !== 0) return byMoney;
    if (one.alert.id !== other.alert.id) return one.alert.id < other.alert.id ? -1 : 1;
    return one.alert.version - other.alert.version;
  });
}
