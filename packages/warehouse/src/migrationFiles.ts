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

/** Names of the tables, or of the views that feed them, that are there when all migrations were applied. */
export function presentAfter(migrations: readonly Migration[], what: "TABLE" | "MATERIALIZED VIEW"): string[] {
  const created = named(migrations, new RegExp(`^CREATE ${what} IF NOT EXISTS (\\w+)`, "m"));
  const dropped = named(migrations, new RegExp(`^DROP ${what.split(" ").at(-1)} IF EXISTS (\\w+)`, "m"));
  // What is dropped and made anew is made once more than it is dropped.
  const times = (list: readonly string[], name: string) => list.filter((other) => other === name).length;
  return [...new Set(created)].filter((name) => times(created, name) > times(dropped, name));
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
