import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fill, type WarehouseSettings } from "./workspace.ts";

/** A numbered file of statements. */
export interface Migration {
  name: string;
  /** Of its text as it is in the file. */
  checksum: string;
  /**
   * Checksums of earlier texts of it, from lines `-- Formerly CHECKSUM: what differed`. Only what is no fault in stores
   * that were made by them may be changed so, such as how finely a new table is indexed.
   */
  formerly: string[];
  statements: string[];
}

const folder = new URL("../migrations/", import.meta.url);

/** All migrations, in their order. */
export async function readMigrations(workspace: WarehouseSettings): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), "utf8");
      const checksum = createHash("sha256").update(text).digest("hex");
      const formerly = [...text.matchAll(/^-- Formerly ([0-9a-f]{64}): ./gm)].map(([, earlier]) => earlier!);
      return { name, checksum, formerly, statements: statementsOf(fill(text, workspace)) };
    }),
  );
}

/** Names of the tables that migrations make, also of those that a later one drops. */
export const tablesOf = (migrations: readonly Migration[]): string[] => [
  ...new Set(named(migrations, /^CREATE TABLE IF NOT EXISTS (\w+)/m)),
];

/** Names of the tables that are there when all migrations were applied. */
export function presentTablesOf(migrations: readonly Migration[]): string[] {
  const dropped = named(migrations, /^DROP TABLE IF EXISTS (\w+)/m);
  const created = named(migrations, /^CREATE TABLE IF NOT EXISTS (\w+)/m);
  // What is dropped and made anew is made as often as it is dropped, and once more.
  const times = (list: readonly string[], table: string) => list.filter((name) => name === table).length;
  return tablesOf(migrations).filter((table) => times(created, table) > times(dropped, table));
}

const named = (migrations: readonly Migration[], pattern: RegExp): string[] =>
  migrations.flatMap(({ statements }) => statements).flatMap((statement) => pattern.exec(statement)?.[1] ?? []);

/** Statements end with a semicolon at the end of a line. IF NOT EXISTS makes a half-applied file safe to repeat. */
function statementsOf(text: string): string[] {
  return text
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")
    .map((statement) =>
      statement.replace(/^((?:--.*\n)*)CREATE (TABLE|MATERIALIZED VIEW) /, "$1CREATE $2 IF NOT EXISTS "),
    );
}
