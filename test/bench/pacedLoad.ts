import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";

interface PacedLoad {
  url: string;
  headers: Record<string, string>;
  body: () => string;
  connections: number;
  seconds: number;
  /** Requests a second, spread evenly: a tool that sends a second's worth at once would measure its own queue. */
  rate: number;
}

export interface PacedResult {
  /** All, those before times count included. */
  answered: number;
  failed: number;
  medianMs: number;
  p99Ms: number;
}

const tickMs = 5;
/** Connections are made and queues are emptied before times count. */
const warmingMs = 2_000;

/** Sends at a steady rate whether or not answers come (an open loop) and times each request from when it was due. */
export async function pacedLoad({ url, headers, body, connections, seconds, rate }: PacedLoad): Promise<PacedResult> {
  const agent = new Agent({ connections });
  const times: number[] = [];
  let answered = 0;
  let failed = 0;
  const inFlight: Promise<void>[] = [];
  const send = async (dueMs: number) => {
    try {
      const answer = await request(url, { method: "POST", headers, body: body(), dispatcher: agent });
      await answer.body.dump();
      if (answer.statusCode === 200) answered += 1;
      else failed += 1;
      if (dueMs - startMs >= warmingMs) times.push(performance.now() - dueMs);
    } catch {
      failed += 1;
    }
  };
  const startMs = performance.now();
  const most = rate * (seconds + warmingMs / 1_000);
  let sent = 0;
  while (sent < most) {
    const due = Math.min(most, ((performance.now() - startMs) / 1_000) * rate);
    for (; sent < due; sent++) inFlight.push(send(startMs + (sent / rate) * 1_000));
    await sleep(tickMs);
  }
  await Promise.all(inFlight);
  await agent.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
  return { answered, failed, medianMs: at(0.5), p99Ms: at(0.99) };
}
