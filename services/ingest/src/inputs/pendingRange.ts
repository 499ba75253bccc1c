import { type Decision, packOffsets, unpackOffsets } from "../domain/decision.ts";

/**
 * The commit metadata of a partition names the range that is about to be stored and what was decided about it, so that
 * whoever takes the partition over after a crash stores exactly the same rows again, under the same token.
 */
export interface PendingRange {
  first: number;
  last: number;
  /** Missing where a version wrote it that decided anew at each try. */
  decision?: Decision | undefined;
}

const shape = /^pending:(\d+)-(\d+)(?:;([\w@-]+);([\w-]*))?(?:;life:\d+)?$/;
const lifeShape = /(?:^|;)life:(\d+)$/;

/** @param life of the topic, see `placeOf`: what was committed in another says nothing of this one. */
export const writePending = ({ first, last, decision }: PendingRange & { decision: Decision }, life: number): string =>
  `pending:${first}-${last};${decision.fill};${packOffsets(first, decision.duplicates)}${life === 1 ? "" : `;life:${life}`}`;

/** Metadata of a position where nothing is pending. */
export const writeNothingPending = (life: number): string => (life === 1 ? "" : `life:${life}`);

export const readLife = (metadata: string | null | undefined): number =>
  Number(lifeShape.exec(metadata ?? "")?.[1] ?? 1);

/** @returns undefined where the text is empty or somebody else's. */
export function readPending(metadata: string | null | undefined): PendingRange | undefined {
  const match = shape.exec(metadata ?? "");
  if (!match) return undefined;
  const [, first, last, fill, duplicates] = match;
  const range = { first: Number(first), last: Number(last) };
  if (fill === undefined) return range;
  return { ...range, decision: { fill, duplicates: unpackOffsets(range.first, duplicates ?? "") } };
}
