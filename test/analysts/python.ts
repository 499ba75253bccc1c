import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder, withFileLock } from "@keypulse/infra";

const run = promisify(execFile);
const requirements = fileURLToPath(new URL("clients/requirements.txt", import.meta.url));

/**
 * A Python that has the packages of `clients/requirements.txt`, in a virtual environment of the cache.
 * @param missing is told what this machine lacks, and ends the caller
 */
export async function pythonWithPackages(missing: (what: string) => never): Promise<string> {
  const found = await run("python3", ["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]).catch(
    () => undefined,
  );
  if (found === undefined) missing("There is no python3 of 3.11 or newer with venv here");
  const folder = await filledOnce(`python-${digestOf(requirements)}`, async (into) => {
    await run("python3", ["-m", "venv", into]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
    await run(join(into, "bin/python3"), pip);
  });
  return join(folder, "bin/python3");
}

export const digestOf = (file: string): string =>
  createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);

/** A folder of the cache, filled once, by one test at a time; what a cut-off run left is begun again. */
export async function filledOnce(name: string, fill: (into: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  return await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(join(folder, ".complete"))) return folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await fill(folder);
    mkdirSync(join(folder, ".complete"));
    return folder;
  });
}
