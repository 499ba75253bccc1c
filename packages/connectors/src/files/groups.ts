import { ElementFault } from "../members.ts";
import type { BrokenRow, Row } from "./row.ts";
import { SeenKeys } from "./seenKeys.ts";

export type Group = readonly [Row, ...Row[]];

/**
 * Rows of an order stand together, but for some that another order cuts in two: an order is complete once this many
 * later ones have begun. In the Online Retail data, one is.
 */
const openOrders = 50;

/**
 * Gathers the rows of each order, in the order of their first rows.
 *
 * A broken row may belong to the order before or after it, whose event would lack it; and because ids stay, importing
 * the mended file would not put that right. So both orders are held back. For the same reason a row whose order is
 * complete already is broken: it comes too late.
 * @param groupOf throws ElementFault where a row can't be told to belong anywhere
 */
export async function* groupRows(
  rows: AsyncIterable<Row | BrokenRow>,
  groupOf: (row: Row) => string,
): AsyncGenerator<Group | BrokenRow> {
  const open = new Map<string, [Row, ...Row[]]>();
  const complete = new SeenKeys();
  /** Orders that a broken row stands beside, by their keys, with its line. */
  const doubtful = new Map<string, number>();
  let before: string | undefined;
  let brokenLine: number | undefined;
  for await (const row of rows) {
    if ("fault" in row) {
      if (before !== undefined) doubtful.set(before, row.line);
      brokenLine = row.line;
      yield row;
      continue;
    }
    const key = keyOf(row, groupOf, before);
    if (typeof key !== "string") {
      before = undefined;
      yield key;
      continue;
    }
    if (brokenLine !== undefined) doubtful.set(key, brokenLine);
    brokenLine = undefined;
    before = key;
    const group = open.get(key);
    if (group !== undefined) {
      group.push(row);
    } else if (complete.has(key)) {
      yield brokenBy(row, "comes too late: other rows of its order stand far above, so sort the file by order first");
    } else {
      open.set(key, [row]);
      if (open.size <= openOrders) continue;
      const [oldest] = open;
      const [oldestKey, oldestGroup] = oldest!;
      open.delete(oldestKey);
      complete.add(oldestKey);
      yield unlessDoubtful(oldestGroup, doubtful.get(oldestKey));
    }
  }
  for (const [key, group] of open) yield unlessDoubtful(group, doubtful.get(key));
}

function unlessDoubtful(group: Group, brokenLine: number | undefined): Group | BrokenRow {
  if (brokenLine === undefined) return group;
  return {
    line: group[0].line,
    raw: group.map(({ raw }) => raw).join("\n"),
    fault: `held back: line ${brokenLine}, beside it, is broken and may belong to it`,
  };
}

const brokenBy = ({ line, raw }: Row, fault: string): BrokenRow => ({ line, raw, fault });

function keyOf(row: Row, groupOf: (row: Row) => string, before: string | undefined): string | BrokenRow {
  try {
    return (groupOf(row) || before) ?? brokenBy(row, "belongs to no order: its key is empty");
  } catch (error) {
    if (error instanceof ElementFault) return brokenBy(row, error.message);
    throw error;
  }
}
