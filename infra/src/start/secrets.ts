import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./connections.ts";
import { StartError } from "./startError.ts";

export interface Secrets {
  /** Seals the secrets of sources. */
  readonly KEYPULSE_SECRET_KEY: string;
  /** Lets commands and people into the console's API. */
  readonly KEYPULSE_API_TOKEN: string;
}

/**
 * The environment's, else those of `secrets.json` in the folder, which is made once and which only its owner may read.
 * A reset keeps it: sources in a ClickHouse of one's own are sealed under the key.
 * @throws StartError where the file can't be read
 */
export function chooseSecrets(folder: string, environment: Environment): Secrets {
  const { KEYPULSE_SECRET_KEY: key, KEYPULSE_API_TOKEN: token } = environment;
  if (key && token) return { KEYPULSE_SECRET_KEY: key, KEYPULSE_API_TOKEN: token };
  const kept = keptSecrets(folder);
  return { KEYPULSE_SECRET_KEY: key || kept.KEYPULSE_SECRET_KEY, KEYPULSE_API_TOKEN: token || kept.KEYPULSE_API_TOKEN };
}

function keptSecrets(folder: string): Secrets {
  const path = join(folder, "secrets.json");
  const fresh: Secrets = {
    KEYPULSE_SECRET_KEY: randomBytes(32).toString("base64"),
    KEYPULSE_API_TOKEN: randomBytes(32).toString("base64url"),
  };
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const kept = readSecrets(path);
  if (kept.KEYPULSE_SECRET_KEY && kept.KEYPULSE_API_TOKEN) return kept as Secrets;
  throw new StartError(
    `${path} holds no KEYPULSE_SECRET_KEY and KEYPULSE_API_TOKEN: set both as variables, or remove the file. Without the old key the secrets of sources have to be given anew.`,
  );
}

function readSecrets(path: string): Partial<Secrets> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Partial<Secrets>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
