import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Runs a command of ingest as people do, with --json. @returns its report */
export async function runIngestCommand<T>(
  name: "rebuild" | "replay",
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<T> {
  const script = fileURLToPath(new URL(`../../services/ingest/src/${name}.ts`, import.meta.url));
  const env = { PATH: process.env.PATH, ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--json", ...args], { env });
  return JSON.parse(stdout) as T;
}
