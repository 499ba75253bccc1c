import type { MappedEvent } from "@keypulse/connectors";
import { readOrders } from "@keypulse/connectors/files";
import { topicNames } from "@keypulse/contracts";
import type { Source } from "@keypulse/sources";
import { findConnections, openStore } from "./connect.ts";
import { chooseSourceId, findSource, newSource } from "./importSource.ts";
import type { ImportJob } from "./runImport.ts";
import { showProgress } from "./showProgress.ts";
import { takeOrder } from "./takeOrder.ts";
import { addToTally, emptyTally, type Tally } from "./tally.ts";

export interface DryRunReport {
  readonly dryRun: true;
  readonly file: string;
  readonly format: string;
  readonly source: string;
  /** Undefined where Keypulse does not run, so that the source's tracking plan was not looked at. */
  readonly sourceExists: boolean | undefined;
  readonly interrupted: boolean;
  readonly tally: Tally;
  /** The first events, with the line that each comes from. */
  readonly rows: readonly { readonly line: number; readonly event: MappedEvent }[];
}

/** Reads the whole file and says what an import would send. Sends nothing, and needs no engines. */
export async function dryRun(job: ImportJob): Promise<DryRunReport> {
  const { file, how, options, signal } = job;
  const now = new Date();
  const id = chooseSourceId(options.source, file.name);
  const { source, exists } = await lookUp(job, id, now);
  const context = { source, topics: topicNames(), fileName: file.name, header: how.header, receivedAt: now };
  const tally = emptyTally(how.header === undefined ? 0 : 1);
  const rows: { line: number; event: MappedEvent }[] = [];
  const progress = showProgress(job.startStep(`Read ${file.name}`), file.size);
  let read = 0;
  try {
    for await (const order of readOrders(
      file.bytes((bytes) => {
        read = bytes;
      }),
      how.format,
      options.read,
    )) {
      const taken = takeOrder(order, context);
      addToTally(tally, order, taken, now.getTime());
      for (const event of taken.events) if (rows.length < options.rows) rows.push({ line: order.line, event });
      progress.tell(read, tally.events);
      if (signal.aborted) break;
    }
  } catch (error) {
    progress.fail();
    throw error;
  }
  if (signal.aborted) progress.fail("stopped");
  else progress.done(tally.events);
  return {
    dryRun: true,
    file: file.name,
    format: how.title,
    source: id,
    sourceExists: exists,
    interrupted: signal.aborted,
    tally,
    rows,
  };
}

/** The source with its tracking plan, where Keypulse runs. */
async function lookUp(
  { file, folder, environment }: ImportJob,
  id: string,
  now: Date,
): Promise<{ source: Source; exists: boolean | undefined }> {
  const made = newSource(id, file.name, now);
  const { connections, known } = findConnections(folder, environment);
  if (!known) return { source: made, exists: undefined };
  const { clickhouse } = await openStore(connections);
  try {
    const found = await findSource(clickhouse, id);
    return { source: found ?? made, exists: found !== undefined };
  } finally {
    await clickhouse.close();
  }
}
