import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineError } from "../engines/engineError.ts";
import { type Port, portSetting, requireFree } from "../engines/ports.ts";
import type { StartStep } from "../engines/steps.ts";
import { checkout } from "../folder.ts";
import { kafkajsWarning, serviceNodeOptions } from "../nodeOptions.ts";
import type { ServiceSpec } from "../supervisor.ts";
import type { Environment } from "./connections.ts";
import type { Interrupts } from "./interrupts.ts";

const services = [
  { name: "ingest", variable: "KEYPULSE_INGEST_PORT", port: 19_101 },
  { name: "signals", variable: "KEYPULSE_SIGNALS_PORT", port: 19_102 },
  { name: "alerts", variable: "KEYPULSE_ALERTS_PORT", port: 19_103 },
] as const;

export type ServiceName = (typeof services)[number]["name"];

/** After a start that was killed its services end by themselves within 20 seconds (see reaper.mjs). */
const leftOverEndMs = 25_000;

/** Services as the supervisor starts them. @throws EngineError where a port stays taken */
export async function serviceSpecs(
  environment: Environment,
  startStep: StartStep,
  interrupts: Interrupts,
): Promise<Record<ServiceName, ServiceSpec>> {
  const nodeOptions = [process.env.NODE_OPTIONS, ...serviceNodeOptions].filter(Boolean).join(" ");
  const given = Object.entries({ ...environment, NODE_OPTIONS: nodeOptions });
  const env = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
  const specs: [ServiceName, ServiceSpec][] = [];
  for (const { name, variable, port: usual } of services) {
    const port: Port = portSetting(variable, usual);
    await untilFree(port, name, startStep, interrupts);
    specs.push([name, { name, file: join(checkout, "services", name, "src", "main.ts"), port: port.number, env }]);
  }
  return Object.fromEntries(specs) as Record<ServiceName, ServiceSpec>;
}

async function untilFree(port: Port, name: ServiceName, startStep: StartStep, interrupts: Interrupts): Promise<void> {
  const free = (): Promise<void> => requireFree(port, `The service ${name}`);
  const deadline = Date.now() + leftOverEndMs;
  const taken = await free().catch((error: EngineError) => error);
  if (taken === undefined) return;
  const step = startStep(`Wait for port ${port.number}: a service of an earlier run may be ending`);
  for (let fault: EngineError | undefined = taken; fault !== undefined; fault = await free().catch((error) => error)) {
    if (Date.now() > deadline || interrupts.signal.aborted) {
      step.fail("still taken");
      interrupts.check();
      throw fault;
    }
    await sleep(250);
  }
  step.done();
}

/** The same warning in this process: its listener can't be told what to leave out. */
export function hideKafkajsWarning(): void {
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== kafkajsWarning) for (const listener of listeners) listener(warning);
  });
}
