import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringUpEngines, type EngineName, type NativeEngine, type StartStep } from "@keypulse/infra";
import { type EngineAddresses, testAnalystGrants } from "./addresses.ts";

export interface OwnEngines extends EngineAddresses {
  /** To stop, kill and start again: ports and data stay. Those not asked for are missing. */
  readonly native: Readonly<Partial<Record<EngineName, NativeEngine>>>;
  /** Stops them and removes what they stored. */
  stop(): Promise<void>;
}

export interface OwnEnginesOptions {
  readonly need?: readonly EngineName[];
  readonly onStep?: StartStep;
  /** What the analyst may read, where it is not every test's database. */
  readonly analystGrants?: readonly string[];
}

/** Native engines for one caller alone, on free ports, storing in a folder of their own. For tests that kill engines. */
export async function ownEngines(options: OwnEnginesOptions = {}): Promise<OwnEngines> {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-"));
  const engines = await bringUpEngines({
    folder,
    origins: ["native"],
    ports: "free",
    analystGrants: testAnalystGrants,
    command: "a test",
    ...options,
  });
  return {
    kafkaBrokers: engines.kafkaBrokers,
    clickhouseUrl: engines.clickhouseUrl,
    analystUrl: engines.analystUrl,
    redisUrl: engines.redisUrl,
    native: engines.native,
    stop: async () => {
      await engines.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
