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

/**
 * Every service: in which group it starts, where it answers /ready, and the door that some have for others beside it.
 * Groups start in this order; what watches clients comes after the load, for halfway through a history every client looks as
 * if it had gone.
 */
export const services = [
  { name: "ingest", group: "storing", ready: ["KEYPULSE_INGEST_PORT", 19_101] },
  {
    name: "collector",
    group: "doors",
    ready: ["KEYPULSE_COLLECTOR_HEALTH_PORT", 19_114],
    door: ["KEYPULSE_COLLECTOR_PORT", 19_104, "COLLECTOR_PORT"],
  },
  {
    name: "console",
    group: "doors",
    ready: ["KEYPULSE_CONSOLE_HEALTH_PORT", 19_115],
    door: ["KEYPULSE_CONSOLE_PORT", 19_105, "CONSOLE_PORT"],
  },
  { name: "signals", group: "watching", ready: ["KEYPULSE_SIGNALS_PORT", 19_102] },
  { name: "alerts", group: "watching", ready: ["KEYPULSE_ALERTS_PORT", 19_103] },
  { name: "segments", group: "watching", ready: ["KEYPULSE_SEGMENTS_PORT", 19_106] },
] as const;

export type ServiceName = (typeof services)[number]["name"];
export type ServiceGroup = (typeof services)[number]["group"];

/** After a start that was killed its services end by themselves within 20 seconds (see reaper.mjs). */
const leftOverEndMs = 25_000;

export interface ServicePlan {
  readonly specs: Readonly<Record<ServiceGroup, readonly ServiceSpec[]>>;
  /** Where providers and SDKs send to: COLLECTOR_PUBLIC_URL, else the collector itself. */
  readonly collectorUrl: string;
  /** The console's API. */
  readonly consoleUrl: string;
}

/** Services as the supervisor starts them. @throws EngineError where a port stays taken */
export async function planServices(
  environment: Environment,
  startStep: StartStep,
  interrupts: Interrupts,
): Promise<ServicePlan> {
  const nodeOptions = [process.env.NODE_OPTIONS, ...serviceNodeOptions].filter(Boolean).join(" ");
  const doors: Record<string, number> = {};
  const ports = new Map<ServiceName, Port>();
  for (const service of services) {
    const [readyVariable, usualPort] = service.ready;
    const port = portSetting(readyVariable, usualPort);
    await untilFree(port, service.name, startStep, interrupts);
    ports.set(service.name, port);
    if (!("door" in service)) continue;
    const [variable, usual, setting] = service.door;
    const door = portSetting(variable, usual);
    await untilFree(door, service.name, startStep, interrupts);
    doors[setting] = door.number;
  }
  const collectorUrl = environment.COLLECTOR_PUBLIC_URL || `http://127.0.0.1:${doors.COLLECTOR_PORT}`;
  const given = Object.entries({
    ...environment,
    NODE_OPTIONS: nodeOptions,
    ...Object.fromEntries(Object.entries(doors).map(([setting, number]) => [setting, String(number)])),
    COLLECTOR_PUBLIC_URL: collectorUrl,
  });
  const env = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
  const specsOf = (group: ServiceGroup): ServiceSpec[] =>
    services
      .filter((service) => service.group === group)
      .map(({ name }) => ({
        ...{ name, file: join(checkout, "services", name, "src", "main.ts"), port: ports.get(name)!.number, env },
      }));
  return {
    specs: { storing: specsOf("storing"), doors: specsOf("doors"), watching: specsOf("watching") },
    collectorUrl,
    consoleUrl: `http://127.0.0.1:${doors.CONSOLE_PORT}`,
  };
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
