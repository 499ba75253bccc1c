import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { collectDefaultMetrics, Registry } from "prom-client";

/** Why a service can't do its work now, by part; all undefined means ready. */
export type ReadyCheck = () => Promise<Record<string, string | undefined>>;

export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

/** A registry with the process's own metrics (CPU, memory, event loop lag) in it. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Serves `/live` (200 while the event loop turns), `/ready` (200, or 503 with a reason by part) and `/metrics`
 * (Prometheus text format).
 */
export async function serveHealth(
  settings: { HOST: string; PORT: number },
  registry: Registry,
  ready: ReadyCheck,
): Promise<HealthServer> {
  const server: Server = createServer(async (request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const json = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      if (path === "/live") return json(200, { status: "live" });
      if (path === "/ready") {
        const faults = Object.entries(await ready()).filter(([, reason]) => reason !== undefined);
        if (faults.length === 0) return json(200, { status: "ready" });
        return json(503, { status: "not ready", reasons: Object.fromEntries(faults) });
      }
      if (path === "/metrics") {
        const text = await registry.metrics();
        response.writeHead(200, { "content-type": registry.contentType }).end(text);
        return;
      }
      json(404, { error: "not found", try: ["/live", "/ready", "/metrics"] });
    } catch (error) {
      json(500, { error: error instanceof Error ? error.message : String(error) });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.PORT, settings.HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${settings.HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
