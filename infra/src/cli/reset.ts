import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { composeRemove, composeVolumes, dockerAnswers } from "../engines/compose.ts";
import { EngineError } from "../engines/engineError.ts";
import { bytesOnDisk } from "../engines/native/cache.ts";
import { endProcess } from "../engines/processIdentity.ts";
import { findRunningEngines, leftOver } from "../engines/running.ts";
import { keypulseFolder } from "../folder.ts";

const help = `Usage: npm run reset -- [--yes]

Removes what Kafka, ClickHouse and Redis stored for this checkout: all events, profiles, alerts and settings.
Fetched programs stay, and so does secrets.json: the console's token, and the key under which a ClickHouse of your own
may hold sealed secrets. Engines that the environment names (KAFKA_BROKERS, CLICKHOUSE_URL, REDIS_URL) are left alone.

  --yes, -y   does not ask
  --help, -h`;

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof EngineError)) throw error;
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(help);
    return 0;
  }
  const folder = keypulseFolder();
  const running = findRunningEngines(folder);
  if (running) {
    console.error(`Keypulse runs: ${running.command} (process ${running.owner.pid}). Stop it first.`);
    return 1;
  }
  const dataFolder = join(folder, "data");
  const stored = existsSync(dataFolder) && readdirSync(dataFolder).length > 0;
  const volumes = (await dockerAnswers()) ? await composeVolumes() : [];
  if (!stored && volumes.length === 0) {
    console.log("Nothing is stored.");
    return 0;
  }
  if (stored) console.log(`${dataFolder} (${((await bytesOnDisk(dataFolder)) / 1_000_000).toFixed(0)} MB)`);
  for (const volume of volumes) console.log(`Docker volume ${volume}`);
  if (!options.yes && !(await confirmed())) {
    console.log("Nothing was removed.");
    return 1;
  }
  await Promise.all(leftOver(folder).map((ref) => endProcess(ref, 20_000)));
  if (volumes.length > 0) await composeRemove();
  rmSync(dataFolder, { recursive: true, force: true });
  rmSync(join(folder, "engines.json"), { force: true });
  console.log("Removed.");
  return 0;
}

async function confirmed(): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  // Without a terminal, or at Ctrl-D, there is nobody to say yes.
  const nobody = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
  const answer = await Promise.race([reader.question("Remove it for good? [y/N] "), nobody]);
  reader.close();
  return /^y(es)?$/i.test(answer.trim());
}

function readOptions(): { help: boolean; yes: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: { yes: { type: "boolean", short: "y" }, help: { type: "boolean", short: "h" } },
    });
    return { help: values.help ?? false, yes: values.yes ?? false };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    return undefined;
  }
}
