import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, freePorts, nativeZookeeper, silentSteps } from "@keypulse/infra";

export interface OwnZookeeper {
  readonly port: number;
  /** Stops it and removes what it stored. */
  stop(): Promise<void>;
}

/** @throws EngineError saying what to install where Java or Maven is missing */
export async function ownZookeeper(): Promise<OwnZookeeper> {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-"));
  const [port] = await freePorts(1);
  const zookeeper = await nativeZookeeper({
    cacheDir: cacheFolder(),
    dataDir: join(folder, "data"),
    logFile: join(folder, "zookeeper.log"),
    port: { number: port!, variable: "a free port" },
    startStep: silentSteps,
  });
  await zookeeper.start();
  return {
    port: port!,
    stop: async () => {
      await zookeeper.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
