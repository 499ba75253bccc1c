import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, type ProcessRef, processRef } from "../engines/processIdentity.ts";
import type { Tally } from "./tally.ts";

/** How far an import came: what Kafka has acknowledged. */
export interface Progress {
  readonly file: string;
  readonly source: string;
  /** Of the first run. */
  readonly startedAt: string;
  /** Of orders that were acknowledged; the next run goes on after as many. */
  readonly tally: Tally;
  /** Once the whole file was acknowledged. */
  readonly finishedAt: string | null;
  /** Refused rows have no id that would let them count once, so that they are sent by one whole run alone. */
  readonly refusedAreKept: boolean;
  /** Who is at it, or was. */
  readonly process: ProcessRef | null;
}

/** What makes an import the same one: the file's contents, how they are read, and where they go. */
export interface ImportIdentity {
  readonly sha256: string;
  readonly source: string;
  readonly format: unknown;
  readonly read: unknown;
  readonly store: string;
}

/** The file that keeps the progress of one import, with the data that `npm run reset` removes. */
export class ProgressFile {
  readonly path: string;

  constructor(folder: string, identity: ImportIdentity) {
    const { sha256, source, format, read, store } = identity;
    const key = createHash("sha256")
      .update(JSON.stringify([sha256, source, format, read, store]))
      .digest("hex");
    this.path = join(folder, "data", "imports", `${key}.json`);
  }

  /** Undefined where nothing was imported; also where the file is damaged: then all is sent again, and counts once. */
  read(): Progress | undefined {
    try {
      return JSON.parse(readFileSync(this.path, "utf8")) as Progress;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Whole or not at all: a process may be killed at any time. */
  write(progress: Omit<Progress, "process">): void {
    mkdirSync(join(this.path, ".."), { recursive: true });
    const own = processRef(process.pid) ?? null;
    writeFileSync(`${this.path}.${process.pid}`, `${JSON.stringify({ ...progress, process: own })}\n`);
    renameSync(`${this.path}.${process.pid}`, this.path);
  }
}

/** Whether another process is at it now. */
export function isAtIt({ process: ref, finishedAt }: Progress): boolean {
  return finishedAt === null && ref !== null && ref.pid !== process.pid && isAlive(ref);
}
