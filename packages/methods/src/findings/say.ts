import { MS_A_DAY } from "./finding.ts";

/** One decimal for people; two where one would say 0; none from ten on. */
export function number(value: number): string {
  const size = Math.abs(value);
  const places = size >= 10 || Number.isInteger(value) ? 0 : size >= 0.95 ? 1 : 2;
  return Number(value.toFixed(places)).toLocaleString("en-GB");
}

/** 0.0345 as "3.5 %". */
export function percent(share: number): string {
  return `${number(share * 100)} %`;
}

/** "1 day", "12 days". */
export function counted(value: number, unit: string, plural = `${unit}s`): string {
  const shown = number(value);
  return `${shown} ${shown === "1" ? unit : plural}`;
}

const words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/** A count at the start of a headline: "two invoices", "40 calls". */
export function few(value: number, unit: string): string {
  return `${words[value] ?? number(value)} ${unit}${value === 1 ? "" : "s"}`;
}

/** A name that leaves room in a headline. */
export function short(name: string, most = 28): string {
  return name.length <= most ? name : `${name.slice(0, most - 1).trimEnd()}…`;
}

export function money(amount: number, currency: string): string {
  const places = Math.abs(amount) < 100 ? 2 : 0;
  return `${amount.toLocaleString("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places })} ${currency}`;
}

export function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function daysBetween(fromMs: number, toMs: number): number {
  return (toMs - fromMs) / MS_A_DAY;
}

/** "a", "a and b", "a, b and 3 more". */
export function list(parts: readonly string[], most = 3): string {
  if (parts.length <= 1) return parts[0] ?? "";
  if (parts.length <= most) return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  return `${parts.slice(0, most - 1).join(", ")} and ${parts.length - most + 1} more`;
}

/** How rare something is, in a way that can be pictured. */
export function rarity(falseAlarmsPerClientYear: number): string {
  const years = 1 / falseAlarmsPerClientYear;
  return years >= 100 ? "less than once in 100 years" : `once in ${counted(Math.max(years, 0.1), "year")}`;
}

/** What a drop score leaves out. @param segment of the client's peers; empty where all clients are */
export const peersTakenOut = (segment: string): string =>
  `What all clients${segment === "" ? "" : ` of “${short(segment)}”`} did alike is taken out.`;
