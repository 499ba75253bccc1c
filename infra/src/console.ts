import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keypulseFolder } from "./folder.ts";

/** What `npm start` leaves for commands that speak to the console: where it answers, and its token. */
export interface ConsoleAccess {
  readonly url: string;
  readonly token: string;
}

const fileOf = (folder: string): string => join(folder, "console.json");

export function writeConsoleAccess(folder: string, access: ConsoleAccess): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(folder), `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
}

export function removeConsoleAccess(folder: string): void {
  rmSync(fileOf(folder), { force: true });
}

/** @returns undefined where nothing was started here, or it was stopped */
export function readConsoleAccess(folder: string = keypulseFolder()): ConsoleAccess | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(folder), "utf8")) as ConsoleAccess;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
