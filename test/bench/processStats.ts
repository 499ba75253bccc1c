import { readFileSync } from "node:fs";

/** Kernel ticks a second (USER_HZ is 100 on every Linux that Node runs on). */
const ticksASecond = 100;

/** CPU seconds that a process has used, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold spaces: fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}

/** Largest resident memory that a process ever had, in megabytes. */
export function peakMegabytes(pid: number): number {
  return memory(pid, "VmHWM");
}

export function residentMegabytes(pid: number): number {
  return memory(pid, "VmRSS");
}

function memory(pid: number, field: string): number {
  const match = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}
