import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildEvent,
  createTestWorkspace,
  eventually,
  generateStream,
  type OwnEngines,
  type SentEvent,
  startService,
} from "@keypulse/testkit";

const dayMs = 86_400_000;
const probesASecond = 1;
const silentClients = 30;

export interface FreshnessReport {
  rate: number;
  /** Milliseconds from send to sight. */
  visible: Percentiles;
  webhook: Percentiles;
  text: string;
}

interface Percentiles {
  median: number;
  p99: number;
  samples: number;
}

/** How long until an event is seen in `clients`, and until an alert's news is at a webhook, while others flow. */
export async function benchFreshness(
  engines: OwnEngines,
  { rate, seconds, say }: { rate: number; seconds: number; say: (text: string) => void },
): Promise<FreshnessReport> {
  const heard = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      // The alert is resolved, or says that the silence is over while a drop is left.
      if (/Ordered again/.test(data.reason) && !heard.has(data.client_name)) {
        heard.set(data.client_name, Date.now());
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const workspace = await createTestWorkspace({ engines, settings: { LOG_LEVEL: "warn" } });
  const environment = {
    ...workspace.environment,
    ALERT_GROUP: `${workspace.world.topicPrefix}alerts`,
    ALERT_WEBHOOKS: JSON.stringify([
      {
        name: "bench",
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
      },
    ]),
    ALERT_WEBHOOK_ALLOW_PRIVATE: "true",
    // Whatever was crossed is announced, so that its end is told too.
    ALERT_FRESH_DAYS: "365",
  };
  const ingest = await startService("ingest", environment);
  say("a history with silent clients …");
  const now = Date.now();
  const history: SentEvent[] = [];
  for (let client = 0; client < silentClients; client++) {
    for (let day = 300; day > 60; day -= 3)
      history.push(order(`silent-${client}`, now - day * dayMs - client * 60_000));
  }
  // The source itself stays alive.
  for (let hour = 24 * 60; hour > 0; hour -= 2) history.push(order(`busy-${hour % 50}`, now - hour * 3_600_000));
  await workspace.send(history);
  const signals = await startService("signals", environment);
  const alerts = await startService("alerts", environment);
  await eventually(
    () =>
      workspace.rows<{ n: number }>(
        "SELECT uniq(client_name) AS n FROM alerts_latest WHERE has(raised_by, ('silence', 'orders')) AND state = 'open' AND client_name LIKE 'silent-%'",
      ),
    ([row]) => row!.n === silentClients,
    60_000,
  );

  say(`${rate} events a second for ${seconds} s …`);
  const stream = generateStream({ seed: 2, events: rate * seconds, clients: 2_000, duplicates: 0, startMs: now });
  const visible: number[] = [];
  const sentAt = new Map<string, number>();
  const probes: Promise<void>[] = [];
  const started = Date.now();
  for (let tick = 0; tick < seconds * 10; tick++) {
    const part = stream.take(rate / 10).map(({ event }) => ({ ...event, occurred_at: new Date().toISOString() }));
    await workspace.send([...part]);
    if (tick % (10 / probesASecond) === 5) probes.push(probe(tick));
    if (tick % 10 === 2 && sentAt.size < silentClients) {
      const name = `silent-${sentAt.size}`;
      sentAt.set(name, Date.now());
      await workspace.send([order(name, Date.now())]);
    }
    await sleep(Math.max(0, started + (tick + 1) * 100 - Date.now()));
  }
  await Promise.all(probes);
  await eventually(
    async () => heard.size,
    (n) => n >= sentAt.size,
    30_000,
  );

  async function probe(tick: number): Promise<void> {
    const name = `probe-${tick}`;
    const sent = Date.now();
    await workspace.send([order(name, sent)]);
    await eventually(
      () => workspace.rows(`SELECT name FROM clients WHERE account_id = '${name}'`),
      (rows) => rows.length === 1,
      30_000,
      20,
    );
    visible.push(Date.now() - sent);
  }

  for (const service of [ingest, signals, alerts]) await service.stop();
  server.close();
  await workspace.close();
  const report = {
    rate,
    visible: percentiles(visible),
    webhook: percentiles([...sentAt].map(([name, sent]) => heard.get(name)! - sent)),
  };
  const line = (name: string, { median, p99, samples }: Percentiles, aim: string) =>
    `${name.padEnd(44)} median ${String(median).padStart(5)} ms   99th percentile ${String(p99).padStart(5)} ms   (${samples} probes; aim ${aim})`;
  return {
    ...report,
    text: [
      `while ${rate} events a second flow`,
      line("event sent → visible in clients", report.visible, "1000 and 2000"),
      line("order sent → news of it at a webhook", report.webhook, "2000 and 4000"),
    ].join("\n"),
  };
}

let orders = 0;
function order(account: string, atMs: number): SentEvent {
  orders += 1;
  return buildEvent("order.placed", {
    id: `bench-order-${orders}`,
    source: "bench-shop",
    occurred_at: new Date(atMs).toISOString(),
    identifiers: { account_id: account },
    properties: { order_id: `${orders}`, amount: "50.00", currency: "EUR" },
  });
}

function percentiles(values: number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99), samples: sorted.length };
}
