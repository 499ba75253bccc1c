import { createTestWorkspace, type TestWorkspace } from "@keypulse/testkit";
import { startConsole } from "../app.ts";
import { readConsoleConfig } from "../config.ts";

export const apiToken = "test-token-of-at-least-20-characters";
export const secretKey = Buffer.alloc(32, 7).toString("base64");

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** A console on engines of the test run, and a client of its API. */
export interface ConsoleWorld extends TestWorkspace {
  url: string;
  healthUrl: string;
  call<T = Record<string, never>>(method: string, path: string, body?: unknown, headers?: object): Promise<Answer<T>>;
}

/** @param settings beside those of the engines */
export async function createConsoleWorld(settings: Record<string, string> = {}): Promise<ConsoleWorld> {
  const workspace = await createTestWorkspace({ settings });
  const service = await startConsole(
    readConsoleConfig({
      ...workspace.environment,
      LOG_LEVEL: "error",
      CLICKHOUSE_ANALYST_URL: workspace.world.analystUrl,
      KEYPULSE_API_TOKEN: apiToken,
      KEYPULSE_SECRET_KEY: secretKey,
      ...settings,
    }),
  );
  return {
    ...workspace,
    url: service.url,
    healthUrl: service.healthUrl,
    call: (method, path, body, headers = {}) => callApi(service.url, method, path, body, headers),
    async close() {
      await service.stop();
      await workspace.close();
    },
  };
}

async function callApi<T>(url: string, method: string, path: string, body: unknown, headers: object) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiToken}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === "" ? {} : JSON.parse(text)) as T };
}
