import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Which day the demonstration was moved to in which store, and whether all of it was stored: a load that was cut off is
 * done again with the same day, so that what had arrived counts once. `npm run reset` removes it with the data.
 */
export interface DemoState {
  /** ClickHouse address and database. */
  readonly store: string;
  readonly lastDay: string;
  readonly complete: boolean;
}

export function readDemoState(folder: string): DemoState | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(folder), "utf8")) as DemoState;
  } catch {
    return undefined;
  }
}

export function writeDemoState(folder: string, state: DemoState): void {
  mkdirSync(dirname(pathOf(folder)), { recursive: true });
  writeFileSync(pathOf(folder), `${JSON.stringify(state)}\n`);
}

function pathOf(folder: string): string {
  return join(folder, "data", "demonstration.json");
}
