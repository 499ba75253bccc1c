// Ends engines and services whose parent died without stopping them. The parent holds our standard input open and
// writes "+pid identity" and "-pid" lines; when it is gone, input ends, however the parent died.
import { createInterface } from "node:readline";
import { endProcess } from "../processIdentity.ts";

const graceMs = 20_000;
const wards = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const [, sign, pid, identity] = /^([+-])(\d+) ?(.*)$/.exec(line) ?? [];
  if (sign === "+") wards.set(Number(pid), { pid: Number(pid), identity });
  if (sign === "-") wards.delete(Number(pid));
}
await Promise.allSettled([...wards.values()].map((ward) => endProcess(ward, graceMs)));
