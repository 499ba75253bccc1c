/** One record of a file. */
export interface Row {
  /** Line of the file where it begins, from 1. */
  line: number;
  /** As it stands in the file, without the line end. */
  raw: string;
  /** The cell of a column, by any of its names; names are compared without regard to case. Empty where there is none. */
  cell(...columns: string[]): string;
}

/** A record that can't be told into cells. */
export interface BrokenRow {
  line: number;
  raw: string;
  fault: string;
}

/** Names of columns differ in case and blanks between versions of one export. */
export const columnKey = (name: string): string => name.trim().toLowerCase();

/** Makes rows of records under a header. */
export function rowMaker(columns: readonly string[]): (line: number, raw: string, cells: readonly string[]) => Row {
  const indices = new Map<string, number>();
  for (const [index, name] of columns.entries()) {
    const key = columnKey(name);
    // Of two columns with one name the first counts.
    if (!indices.has(key)) indices.set(key, index);
  }
  return (line, raw, cells) => ({
    line,
    raw,
    cell: (...names) => {
      for (const name of names) {
        const index = indices.get(columnKey(name));
        if (index !== undefined) return (cells[index] ?? "").trim();
      }
      return "";
    },
  });
}
