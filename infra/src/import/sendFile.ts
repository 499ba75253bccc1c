import { readOrders, UnreadableFile } from "@keypulse/connectors/files";
import type { Source } from "@keypulse/sources";
import type { Store, Target } from "./connect.ts";
import { ImportError } from "./importError.ts";
import { addSource } from "./importSource.ts";
import type { Progress, ProgressFile } from "./progress.ts";
import type { ImportJob } from "./runImport.ts";
import { OrderedSender } from "./sendInOrder.ts";
import { showProgress, whole } from "./showProgress.ts";
import { takeOrder } from "./takeOrder.ts";
import { addToTally, countRefused, emptyTally, type Tally } from "./tally.ts";

/** So many orders without one that can be used: how the file is read is at fault, not its rows. */
const hopelessAfter = 100;

export interface Sending {
  readonly source: Source;
  /** It is not in the settings yet; it goes there with the first batch. */
  readonly isNew: boolean;
  readonly store: Store;
  readonly target: Target;
  readonly progressFile: ProgressFile;
  readonly before: Progress | undefined;
}

/** What was sent of a file. */
export interface Sent {
  /** "done before": by an earlier run; nothing was sent now. */
  readonly outcome: "done" | "interrupted" | "done before";
  readonly sourceCreated: boolean;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Of this run. */
  readonly seconds: number;
  readonly eventsOfThisRun: number;
  /** Of the whole import, earlier runs that were cut off too. */
  readonly tally: Tally;
}

/**
 * Sends a file's orders in their order and keeps after each batch how far it came: what was acknowledged before is
 * passed over. @throws ImportError, UnreadableFile
 */
export async function sendFile(job: ImportJob, sending: Sending): Promise<Sent> {
  const { file, how, options, signal } = job;
  const { source, progressFile } = sending;
  const now = new Date();
  const unfinished = sending.before && !sending.before.finishedAt && !options.again ? sending.before : undefined;
  const startedAt = unfinished?.startedAt ?? now.toISOString();
  const refusedAreKept = sending.before?.refusedAreKept ?? false;
  // What an earlier version kept may lack what this one counts.
  const tally: Tally = { ...emptyTally(how.header === undefined ? 0 : 1), ...unfinished?.tally };
  const skip = tally.orders;
  const eventsBefore = tally.events;
  let acknowledged = structuredClone(tally);
  const keep = (finishedAt: string | null): void =>
    progressFile.write({
      file: file.name,
      source: source.id,
      startedAt,
      tally: acknowledged,
      finishedAt,
      refusedAreKept: refusedAreKept || finishedAt !== null,
    });

  const progress = showProgress(job.startStep(`Send ${file.name}`), file.size);
  const sender = new OrderedSender<{ tally: Tally; bytes: number }>(sending.target.producer, signal, (mark) => {
    acknowledged = mark.tally;
    keep(null);
    progress.tell(mark.bytes, acknowledged.events);
  });
  const context = {
    source,
    topics: sending.target.topics,
    fileName: file.name,
    header: how.header,
    receivedAt: now,
  };
  let bytes = 0;
  let batches = 0;
  const send = async (): Promise<void> => {
    if (batches === 0 && sending.isNew) await addSource(sending.store.clickhouse, source);
    batches += 1;
    await sender.send({ tally: structuredClone(tally), bytes });
  };
  try {
    keep(null);
    let seen = 0;
    for await (const order of readOrders(
      file.bytes((read) => (bytes = read)),
      how.format,
      options.read,
    )) {
      if (signal.aborted) break;
      seen += 1;
      if (seen <= skip) continue;
      if (seen === skip + 1) progress.skipped(bytes, eventsBefore);
      const taken = takeOrder(order, context);
      addToTally(tally, order, taken, now.getTime());
      if (taken.refused === undefined || !refusedAreKept) sender.add(taken.messages);
      if (batches === 0 && isHopeless(tally)) throw hopeless(file.name, tally);
      if (sender.full) await send();
    }
    // Also where nothing is left to send: the tally counts to the file's end.
    if (!signal.aborted) await send();
    await sender.settled();
  } catch (error) {
    progress.fail();
    throw withPlace(error, acknowledged);
  }
  if (!signal.aborted && (await file.hasChanged())) {
    progress.fail();
    throw new ImportError(`${file.name} was changed while it was read: import it again; what was sent counts once.`);
  }
  const finishedAt = signal.aborted ? null : new Date().toISOString();
  keep(finishedAt);
  if (signal.aborted) progress.fail("stopped");
  else progress.done(acknowledged.events);
  return {
    sourceCreated: sending.isNew && batches > 0,
    outcome: signal.aborted ? ("interrupted" as const) : ("done" as const),
    startedAt,
    finishedAt,
    seconds: (Date.now() - now.getTime()) / 1_000,
    eventsOfThisRun: acknowledged.events - eventsBefore,
    tally: acknowledged,
  };
}

const isHopeless = (tally: Tally): boolean => tally.orders === hopelessAfter && countRefused(tally) === hopelessAfter;

function hopeless(name: string, { refused }: Tally): ImportError {
  const [example] = Object.values(refused).flatMap(({ examples }) => examples);
  return new ImportError(
    `None of the first ${hopelessAfter} orders of ${name} can be used, so nothing was sent. Line ${example?.line}: ${example?.detail}. ` +
      "Mend the file, the mapping or the options; --dry-run shows what comes of it.",
  );
}

function withPlace(error: unknown, { events }: Tally): unknown {
  if (events === 0) return error;
  const kept = `${whole(events)} events were sent before.`;
  if (error instanceof UnreadableFile) {
    return new UnreadableFile(`${error.message}. ${kept} Mend the file and import it again: they count once`);
  }
  if (error instanceof ImportError)
    return new ImportError(`${error.message} ${kept} The same command goes on from there.`);
  return error;
}
