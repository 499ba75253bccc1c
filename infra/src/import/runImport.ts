import { within } from "@keypulse/engines";
import type { StartStep } from "../engines/steps.ts";
import type { Environment } from "../start/connections.ts";
import { findConnections, openStore, openTarget } from "./connect.ts";
import type { HowToRead } from "./decideFormat.ts";
import { ImportError } from "./importError.ts";
import { chooseSourceId, findSource, newSource } from "./importSource.ts";
import type { ImportOptions } from "./options.ts";
import type { OrderFile } from "./orderFile.ts";
import { isAtIt, ProgressFile } from "./progress.ts";
import { type Sent, sendFile } from "./sendFile.ts";

export interface ImportJob {
  readonly file: OrderFile;
  readonly how: HowToRead;
  readonly options: ImportOptions;
  /** Where progress is kept and running engines are found. */
  readonly folder: string;
  readonly environment: Environment;
  readonly startStep: StartStep;
  /** Ends it in order. */
  readonly signal: AbortSignal;
}

export interface ImportReport extends Sent {
  readonly dryRun: false;
  readonly file: string;
  readonly format: string;
  readonly source: string;
}

/** Sends a file's orders through Kafka, going on where an earlier run was cut off. @throws ImportError, UnreadableFile */
export async function runImport(job: ImportJob): Promise<ImportReport> {
  const { file, how, options, folder, environment, signal } = job;
  const { connections } = findConnections(folder, environment);
  const id = chooseSourceId(options.source, file.name);
  const store = await openStore(connections);
  try {
    const stored = await findSource(store.clickhouse, id);
    const sha256 = await hash(job);
    const progressFile = new ProgressFile(folder, {
      sha256,
      source: id,
      format: how.format,
      read: options.read,
      store: store.identity,
    });
    const before = progressFile.read();
    if (before && isAtIt(before)) {
      throw new ImportError(`The process ${before.process?.pid} is importing this file just now.`);
    }
    const report = { dryRun: false as const, file: file.name, format: how.title, source: id };
    if (before?.finishedAt && !options.again) {
      const { startedAt, finishedAt, tally } = before;
      const nothing = { sourceCreated: false, seconds: 0, eventsOfThisRun: 0 };
      return { ...report, outcome: "done before", startedAt, finishedAt, tally, ...nothing };
    }
    signal.throwIfAborted();
    const target = await openTarget(connections);
    try {
      const source = stored ?? newSource(id, file.name, new Date());
      const sent = await sendFile(job, { source, isNew: stored === undefined, store, target, progressFile, before });
      return { ...report, ...sent };
    } finally {
      await within(5_000, target.producer.disconnect(), "Kafka is away").catch(() => {});
    }
  } finally {
    await store.clickhouse.close();
  }
}

async function hash({ file, startStep, signal }: ImportJob): Promise<string> {
  const step = startStep(`Look at ${file.name}`);
  try {
    const sha256 = await file.sha256((read) => step.progress("", read / file.size), signal);
    step.done(`${(file.size / 1_000_000).toFixed(1)} MB`);
    return sha256;
  } catch (error) {
    step.fail(signal.aborted ? "stopped" : "failed");
    throw error;
  }
}
