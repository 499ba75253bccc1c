/**
 * The commit metadata of a partition names the range that is about to be stored, so that whoever takes the partition
 * over after a crash stores exactly that range again, under the same token.
 */
export interface PendingRange {
  first: number;
  last: number;
}

const shape = /^pending:(\d+)-(\d+)$/;

export const writePending = ({ first, last }: PendingRange): string => `pending:${first}-${last}`;

/** @returns undefined where the text is empty or somebody else's. */
export function readPending(metadata: string | null | undefined): PendingRange | undefined {
  const match = shape.exec(metadata ?? "");
  return match ? { first: Number(match[1]), last: Number(match[2]) } : undefined;
}
