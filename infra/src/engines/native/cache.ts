import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { withFileLock } from "../fileLock.ts";
import type { StartStep, Step } from "../steps.ts";

export interface Fetching {
  /** Shown while fetching: "Fetch ClickHouse 26.7". */
  readonly title: string;
  /** Folder in the cache; holds the version, so a new one lies beside the old. */
  readonly name: string;
  /** Fills the folder; throws an EngineError that says what to do. */
  readonly fill: (folder: string, step: Step) => Promise<void>;
}

/**
 * The folder of something fetched once for all: filled beside its place and then renamed, so what is there is whole;
 * under a lock, so two at once fetch once.
 */
export async function cached(cacheDir: string, startStep: StartStep, fetching: Fetching): Promise<string> {
  const folder = join(cacheDir, fetching.name);
  if (existsSync(folder)) return folder;
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const filling = `${folder}.filling`;
    rmSync(filling, { recursive: true, force: true });
    mkdirSync(filling, { recursive: true });
    const step = startStep(fetching.title);
    try {
      await fetching.fill(filling, step);
      renameSync(filling, folder);
      step.done();
    } catch (error) {
      step.fail("failed");
      rmSync(filling, { recursive: true, force: true });
      throw error;
    }
  });
  return folder;
}

/** Bytes of all files in a folder, as far as they are there just now. */
export async function bytesOnDisk(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
