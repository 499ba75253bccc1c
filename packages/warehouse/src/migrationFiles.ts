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

/** Names of the tables that migrations make. */
export const tablesOf = (migrations: readonly Migration[]): string[] =>
  migrations
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => /^CREATE TABLE IF NOT EXISTS (\w+)/m.exec(statement)?.[1] ?? []);

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
