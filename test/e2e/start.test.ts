import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, services } from "@keypulse/infra";
import { createTestWorkspace, eventually, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("npm start", () => {
  let workspace: TestWorkspace;
  const folder = mkdtempSync(join(tmpdir(), "keypulse-start-"));
  beforeAll(async () => {
    workspace = await createTestWorkspace();
  });
  afterAll(async () => {
    await workspace?.close();
    rmSync(folder, { recursive: true });
  });

  it("starts every service, and stops all of them", async () => {
    const variables = services.flatMap((service) => [
      service.ready[0],
      ...("door" in service ? [service.door[0]] : []),
    ]);
    const ports = Object.fromEntries((await freePorts(variables.length)).map((port, i) => [variables[i]!, port]));
    const start = spawn(
      process.execPath,
      [new URL("../../infra/src/cli/start.ts", import.meta.url).pathname, "--no-demo"],
      {
        env: {
          PATH: process.env.PATH,
          ...workspace.environment,
          ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
          KEYPULSE_FOLDER: folder,
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const ended = once(start, "exit");
    let said = "";
    start.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    try {
      await eventually(
        async () => said,
        (text) => text.includes("Ctrl-C stops everything"),
        90_000,
      );
      for (const { name, ready } of services) {
        const response = await fetch(`http://127.0.0.1:${ports[ready[0]]}/ready`);
        expect({ name, status: response.status }).toEqual({ name, status: 200 });
      }
    } finally {
      start.kill("SIGINT");
      expect(await ended).toEqual([0, null]);
    }
    for (const port of Object.values(ports)) await expect(fetch(`http://127.0.0.1:${port}/ready`)).rejects.toThrow();
  });
});
