import { createTerminal } from "@keypulse/infra";
import type { TestProject } from "vitest/node";
import { startTestEngines } from "./testEngines.ts";

/** Vitest's hook: engines are started once a run and stopped after it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engines = await startTestEngines(createTerminal({ output: process.stderr }).startStep);
  const { stop, ...addresses } = engines;
  project.provide("engines", addresses);
  return stop;
}
